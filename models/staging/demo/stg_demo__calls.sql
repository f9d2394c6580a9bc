-- One row per call as the demo company delivers it.
{{ stage_seed('calls') }}
