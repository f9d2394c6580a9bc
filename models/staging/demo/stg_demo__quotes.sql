-- One row per quote as the demo company delivers it.
{{ stage_seed('quotes') }}
