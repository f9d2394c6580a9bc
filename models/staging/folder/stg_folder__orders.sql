-- One row per order as the folder's file delivers it.
{{ stage_file('orders') }}
