-- One row per change of a deal's stage as the demo company delivers it.
{{ stage_seed('deal_stage_changes') }}
