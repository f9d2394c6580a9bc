-- One row per subscription, running or ended as of as_of. mrr is in the reporting currency, at the rate of its first
-- day.
with subscriptions as (
    select
        *,
        started_on <= {{ as_of_date() }} as is_visible
    from {{ kept('subscriptions') }} as subscriptions
),

products as (
    select * from {{ ref('dim_products') }}
)

select
    subscriptions.source_system,
    subscriptions.subscription_id,
    subscriptions.account_id,
    {{ owner_labels('subscriptions') }},
    subscriptions.product_id,
    {{ label_of_key('subscriptions.product_id', 'products.product', 'delivered.has_products') }} as product,
    subscriptions.started_on,
    {{ known_on('subscriptions.ended_on') }} as ended_on,
    subscriptions.is_visible,
    subscriptions.kind,
    subscriptions.mrr as own_mrr,
    subscriptions.currency,
    case
        when subscriptions.is_visible then {{ converted(
            'subscriptions.mrr', 'subscriptions.currency', 'rates', 'subscriptions.started_on'
        ) }}
    end as mrr
from subscriptions
left join products
    on subscriptions.source_system = products.source_system
    and subscriptions.product_id = products.product_id
{{ joined_rate('rates', 'subscriptions.currency', 'subscriptions.started_on') }}
{{ joined_owner('subscriptions') }}
{{ joined_deliveries('subscriptions') }}
