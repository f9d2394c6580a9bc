-- One row per purchase of an account: a won deal; and, where purchases make customers and its source system delivers no
-- deals, an order.
with delivered as (
    select * from {{ ref('int_delivered_entities') }}
),

purchases as (
    select
        source_system,
        account_id,
        'deal' as kind,
        deal_id as purchase_id,
        closed_at as purchased_at,
        closed_on as purchased_on,
        rep_id,
        channel
    from {{ ref('fct_deals') }}
    where state = 'won' and account_id is not null
    union all
    select
        orders.source_system,
        orders.account_id,
        'order' as kind,
        orders.order_id as purchase_id,
        orders.ordered_at as purchased_at,
        orders.ordered_on as purchased_on,
        orders.rep_id,
        orders.channel
    from {{ ref('fct_orders') }} as orders
    inner join delivered
        on orders.source_system = delivered.source_system
    where
        orders.is_visible and orders.account_id is not null and not delivered.has_deals
        and {{ 'false' if customers_subscribe() else 'true' }}
)

select
    *,
    cast(row_number() over (
        partition by source_system, account_id order by purchased_at, purchase_id
    ) as bigint) as purchase_number
from purchases
