-- One row per product as the folder's file delivers it.
{{ stage_file('products') }}
