-- One row per delivered row of orders, with its fate: kept, merged or rejected.
{{ judge('orders') }}
