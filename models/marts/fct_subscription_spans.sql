-- One row per subscription and span that a period may have over it, while one rate of its currency held at the period's
-- start: monthly revenue at the start (start), and at the end of those who were customers at the start (kept), both in
-- the reporting currency at the start's rate. mrr is null where no rate is known.
with subscriptions as (
    select * from {{ ref('fct_subscription_intervals') }}
),

customer_subscriptions as (
    select * from {{ ref('fct_customer_subscriptions') }}
),

lifetimes as (
    select * from {{ ref('fct_customer_lifetimes') }}
),

spans as (
    select
        customer_subscriptions.source_system,
        customer_subscriptions.subscription_id,
        customer_subscriptions.account_id,
        customer_subscriptions.own_mrr,
        customer_subscriptions.currency,
        'start' as span,
        customer_subscriptions.runs_from_on as held_from_on,
        customer_subscriptions.runs_to_on as held_to_on,
        cast(null as date) as valid_from_on,
        cast(null as date) as valid_to_on
    from customer_subscriptions
    union all
    select
        subscriptions.source_system,
        subscriptions.subscription_id,
        subscriptions.account_id,
        subscriptions.own_mrr,
        subscriptions.currency,
        'kept' as span,
        lifetimes.active_from_on as held_from_on,
        lifetimes.active_to_on as held_to_on,
        subscriptions.runs_from_on as valid_from_on,
        subscriptions.runs_to_on as valid_to_on
    from subscriptions
    inner join lifetimes
        on subscriptions.source_system = lifetimes.source_system
        and subscriptions.account_id = lifetimes.account_id
),

-- The time before a currency's first rate is a span, too: one without a rate.
rates as (
    select
        currency,
        valid_from,
        valid_until,
        rate
    from {{ ref('int_exchange_rates') }}
    union all
    select
        currency,
        cast(null as date) as valid_from,
        min(valid_from) as valid_until,
        cast(null as decimal(20, 10)) as rate
    from {{ ref('int_exchange_rates') }}
    group by currency
),

-- A rate holds at a period's start b where valid_from <= b < valid_until: as a span, from the day before on.
rated as (
    select
        spans.source_system,
        spans.subscription_id,
        spans.account_id,
        spans.own_mrr,
        spans.currency,
        spans.span,
        greatest(
            spans.held_from_on, coalesce({{ shifted_days('rates.valid_from', -1) }}, spans.held_from_on)
        ) as held_from_on,
        case
            when spans.held_to_on is null then {{ shifted_days('rates.valid_until', -1) }}
            when rates.valid_until is null then spans.held_to_on
            else least(spans.held_to_on, {{ shifted_days('rates.valid_until', -1) }})
        end as held_to_on,
        spans.valid_from_on,
        spans.valid_to_on,
        rates.rate
    from spans
    left join rates
        on spans.currency = rates.currency
        and spans.currency <> '{{ setting("reporting_currency") }}'
        and (spans.held_to_on is null or rates.valid_from is null or spans.held_to_on >= rates.valid_from)
        and ({{ shifted_days('spans.held_from_on', 1) }} < rates.valid_until or rates.valid_until is null)
)

select
    rated.source_system,
    rated.subscription_id,
    rated.account_id,
    owners.segment,
    owners.rep,
    owners.team,
    rated.span,
    rated.held_from_on,
    rated.held_to_on,
    rated.valid_from_on,
    rated.valid_to_on,
    rated.own_mrr,
    rated.currency,
    rated.rate,
    case
        when {{ has_rate('rated.currency', 'rated') }}
            then {{ converted('rated.own_mrr', 'rated.currency', 'rated', 'rated.held_from_on') }}
    end as mrr
from rated
inner join {{ ref('dim_account_owners') }} as owners
    on rated.source_system = owners.source_system
    and rated.account_id = owners.account_id
