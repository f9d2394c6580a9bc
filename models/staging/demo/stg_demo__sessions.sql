-- One row per session of a visitor as the demo company delivers it.
{{ stage_seed('sessions') }}
