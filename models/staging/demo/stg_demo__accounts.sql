-- One row per account as the demo company delivers it.
{{ stage_seed('accounts') }}
