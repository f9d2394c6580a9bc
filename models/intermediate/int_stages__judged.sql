-- One row per delivered row of stages, with its fate: kept, merged or rejected.
{{ judge('stages') }}
