-- One row per order as the demo company delivers it.
{{ stage_seed('orders') }}
