-- One row per subscription as the demo company delivers it.
{{ stage_seed('subscriptions') }}
