-- One row per delivered row of deals, with its fate: kept, merged or rejected.
{{ judge('deals') }}
