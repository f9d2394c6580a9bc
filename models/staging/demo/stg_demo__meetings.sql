-- One row per meeting as the demo company delivers it.
{{ stage_seed('meetings') }}
