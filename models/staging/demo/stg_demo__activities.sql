-- One row per activity as the demo company delivers it.
{{ stage_seed('activities') }}
