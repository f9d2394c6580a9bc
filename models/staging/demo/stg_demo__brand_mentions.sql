-- One row per mention of the brand as the demo company delivers it.
{{ stage_seed('brand_mentions') }}
