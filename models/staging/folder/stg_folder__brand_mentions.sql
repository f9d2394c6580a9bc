-- One row per mention of the brand as the folder's file delivers it.
{{ stage_file('brand_mentions') }}
