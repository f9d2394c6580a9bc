-- One row per delivered row of leads, with its fate: kept, merged or rejected.
{{ judge('leads') }}
