-- One row per currency and day from which its rate holds as the demo company delivers it.
{{ stage_seed('exchange_rates') }}
