-- One row per line of an order as the folder's file delivers it.
{{ stage_file('order_lines') }}
