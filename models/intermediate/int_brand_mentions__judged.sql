-- One row per delivered row of brand_mentions, with its fate: kept, merged or rejected.
{{ judge('brand_mentions') }}
