-- One row per delivered row of deal_stage_changes, with its fate: kept, merged or rejected.
{{ judge('deal_stage_changes') }}
