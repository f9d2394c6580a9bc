-- One row per price of a competitor as observed on a day, in the currency it was seen in.
select
    prices.source_system,
    prices.product_id,
    {{ label_of_key('prices.product_id', 'products.product', 'delivered.has_products') }} as product,
    prices.competitor,
    prices.observed_on,
    prices.observed_on <= {{ as_of_date() }} as is_visible,
    prices.price,
    prices.currency
from {{ kept('competitor_prices') }} as prices
left join {{ ref('dim_products') }} as products
    on prices.source_system = products.source_system
    and prices.product_id = products.product_id
{{ joined_deliveries('prices') }}
