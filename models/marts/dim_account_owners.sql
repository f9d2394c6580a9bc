-- One row per account that is delivered or that a row points to: the names that slices show for its figures. Its rep is
-- that of its earliest subscription, else of its first purchase; its channel is that of its first purchase.
with subscriptions as (
    select
        *,
        row_number() over (partition by source_system, account_id order by started_on, subscription_id) as place
    from {{ ref('fct_subscriptions') }}
    where is_visible
),

purchases as (
    select * from {{ ref('fct_purchases') }}
    where purchase_number = 1
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

named as (
    select
        source_system,
        account_id
    from accounts
    union
    select
        source_system,
        account_id
    from {{ ref('fct_subscriptions') }}
    union
    select
        source_system,
        account_id
    from {{ ref('fct_deals') }}
    union
    select
        source_system,
        account_id
    from {{ ref('fct_orders') }}
),

owned as (
    select
        named.source_system,
        named.account_id,
        coalesce(subscriptions.rep_id, purchases.rep_id) as rep_id,
        coalesce(purchases.channel, '(none)') as channel
    from named
    left join subscriptions
        on named.source_system = subscriptions.source_system
        and named.account_id = subscriptions.account_id
        and subscriptions.place = 1
    left join purchases
        on named.source_system = purchases.source_system
        and named.account_id = purchases.account_id
    where named.account_id is not null
)

select
    owned.source_system,
    owned.account_id,
    {{ label_of_key('owned.account_id', 'accounts.account', 'delivered.has_accounts') }} as account,
    {{ label_of_attribute('owned.account_id', 'accounts.segment', 'accounts.account_id') }} as segment,
    {{ owner_labels('owned') }},
    owned.channel
from owned
left join accounts
    on owned.source_system = accounts.source_system
    and owned.account_id = accounts.account_id
{{ joined_owner('owned') }}
{{ joined_deliveries('owned') }}
