-- One row per deal as the demo company delivers it.
{{ stage_seed('deals') }}
