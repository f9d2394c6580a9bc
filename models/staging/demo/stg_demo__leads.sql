-- One row per lead as the demo company delivers it.
{{ stage_seed('leads') }}
