-- One row per change of a deal's stage as the folder's file delivers it.
{{ stage_file('deal_stage_changes') }}
