-- One row per delivered row of order_lines, with its fate: kept, merged or rejected.
{{ judge('order_lines') }}
