-- One row per product. List price and unit cost are in the product's own currency.
select
    source_system,
    product_id,
    product_name,
    product,
    coalesce(product_line, '(none)') as product_line,
    predecessor_product_id,
    launched_on,
    list_price,
    unit_cost,
    currency
from {{ with_label(kept('products'), 'product_name', 'product_id', 'product') }} as products
