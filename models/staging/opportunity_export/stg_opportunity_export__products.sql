-- One row per product of the export, in the reporting currency. Opportunities may spell a name without its
-- spaces, so the id is the name without them (see stg_opportunity_export__deals).
with renamed as (
    select
        {{ squeezed('product') }} as product_id,
        product as product_name,
        series as product_line,
        sales_price as list_price,
        _row,
        _row_hash,
        _fingerprint
    from ({{ read_delivery('products.csv', ['product', 'series', 'sales_price']) }}) as products
),

{{ conform(
    'products',
    columns=['product_id', 'product_name', 'product_line', 'list_price'],
    file='products.csv',
    source_columns=['product'],
) }}
