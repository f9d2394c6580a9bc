-- One row per line of an order as the demo company delivers it.
{{ stage_seed('order_lines') }}
