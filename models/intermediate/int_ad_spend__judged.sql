-- One row per delivered row of ad_spend, with its fate: kept, merged or rejected.
{{ judge('ad_spend') }}
