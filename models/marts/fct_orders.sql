-- One row per order. Where it names no channel or campaign, its session's hold.
with orders as (
    select * from {{ kept('orders') }} as orders
),

sessions as (
    select * from {{ kept('sessions') }} as sessions
),

accounts as (
    select * from {{ ref('dim_accounts') }}
)

select
    orders.source_system,
    orders.order_id,
    orders.ordered_at,
    {{ local_date('orders.ordered_at') }} as ordered_on,
    {{ is_before_as_of('orders.ordered_at') }} as is_visible,
    orders.account_id,
    {{ label_of_key('orders.account_id', 'accounts.account', 'delivered.has_accounts') }} as account,
    {{ label_of_attribute('orders.account_id', 'accounts.segment', 'accounts.account_id') }} as segment,
    orders.deal_id,
    orders.session_id,
    {{ owner_labels('orders') }},
    {{ own_or_linked('orders.channel', 'orders.session_id', 'sessions.channel', 'sessions.session_id') }} as channel,
    {{ own_or_linked('orders.campaign', 'orders.session_id', 'sessions.campaign', 'sessions.session_id') }} as campaign,
    orders.currency
from orders
left join sessions
    on orders.source_system = sessions.source_system
    and orders.session_id = sessions.session_id
left join accounts
    on orders.source_system = accounts.source_system
    and orders.account_id = accounts.account_id
{{ joined_owner('orders') }}
{{ joined_deliveries('orders') }}
