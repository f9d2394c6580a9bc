-- One row per product as the demo company delivers it.
{{ stage_seed('products') }}
