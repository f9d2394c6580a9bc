-- One row per delivered row of products, with its fate: kept, merged or rejected.
{{ judge('products') }}
