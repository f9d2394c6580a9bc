-- One row per line of an order, net of refunds as of as_of. Money is in the reporting currency, at the rate of the
-- order's day; a line's cost is the line's own, else the product's, and null where neither is known. A line whose order
-- is not there has no date, and is not visible.
with order_lines as (
    select * from {{ kept('order_lines') }} as order_lines
),

orders as (
    select * from {{ ref('fct_orders') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

dated as (
    select
        order_lines.*,
        orders.ordered_at,
        orders.ordered_on,
        coalesce(orders.is_visible, false) as is_visible,
        orders.account_id,
        orders.session_id,
        orders.currency,
        coalesce(orders.channel, '(unknown)') as channel,
        coalesce(orders.campaign, '(unknown)') as campaign,
        products.product,
        products.product_line,
        products.product_id is not null as has_product,
        products.unit_cost as product_unit_cost,
        products.currency as product_currency,
        order_lines.quantity * order_lines.unit_price
        - coalesce(order_lines.discount, 0)
        - case
            when order_lines.refunded_at is null or {{ is_before_as_of('order_lines.refunded_at') }}
                then coalesce(order_lines.refunded_amount, 0)
            else 0
        end as own_revenue,
        order_lines.quantity * order_lines.unit_cost as own_cost,
        order_lines.quantity * products.unit_cost as products_cost
    from order_lines
    left join orders
        on order_lines.source_system = orders.source_system
        and order_lines.order_id = orders.order_id
    left join products
        on order_lines.source_system = products.source_system
        and order_lines.product_id = products.product_id
)

select
    dated.source_system,
    dated.order_line_id,
    dated.order_id,
    dated.ordered_at,
    dated.ordered_on,
    dated.is_visible,
    dated.account_id,
    dated.session_id,
    dated.channel,
    dated.campaign,
    dated.product_id,
    {{ label_of_key('dated.product_id', 'dated.product', 'delivered.has_products') }} as product,
    {{ label_of_attribute('dated.product_id', 'dated.product_line', 'dated.product') }} as product_line,
    dated.has_product,
    dated.quantity,
    case
        when dated.is_visible
            then {{ converted('dated.own_revenue', 'dated.currency', 'rates', 'dated.ordered_on') }}
    end as revenue,
    case
        when not dated.is_visible then null
        when dated.own_cost is not null
            then {{ converted('dated.own_cost', 'dated.currency', 'rates', 'dated.ordered_on') }}
        else {{ converted('dated.products_cost', 'dated.product_currency', 'product_rates', 'dated.ordered_on') }}
    end as cost
from dated
{{ joined_rate('rates', 'dated.currency', 'dated.ordered_on') }}
{{ joined_rate('product_rates', 'dated.product_currency', 'dated.ordered_on') }}
{{ joined_deliveries('dated') }}
