-- One row per quote, with its status as of as_of. amount is in the reporting currency, at the rate of the day it was
-- sent.
with quotes as (
    select
        *,
        {{ local_date('sent_at') }} as sent_on,
        {{ is_before_as_of('sent_at') }} as is_visible
    from {{ kept('quotes') }} as quotes
),

products as (
    select * from {{ ref('dim_products') }}
)

select
    quotes.source_system,
    quotes.quote_id,
    quotes.sent_at,
    quotes.sent_on,
    quotes.is_visible,
    {{ owner_labels('quotes') }},
    quotes.deal_id,
    quotes.product_id,
    {{ label_of_key('quotes.product_id', 'products.product', 'delivered.has_products') }} as product,
    case
        when quotes.is_visible then {{ converted('quotes.amount', 'quotes.currency', 'rates', 'quotes.sent_on') }}
    end as amount,
    case
        when quotes.decided_at is null or {{ is_before_as_of('quotes.decided_at') }} then quotes.status
        else 'open'
    end as status,
    {{ known_at('quotes.decided_at') }} as decided_at
from quotes
left join products
    on quotes.source_system = products.source_system
    and quotes.product_id = products.product_id
{{ joined_rate('rates', 'quotes.currency', 'quotes.sent_on') }}
{{ joined_owner('quotes') }}
{{ joined_deliveries('quotes') }}
