-- One row per subscription and interval in which it ran while its account was a customer; where subscriptions make
-- customers, that is all of it.
with subscriptions as (
    select * from {{ ref('fct_subscription_intervals') }}
),

lifetimes as (
    select * from {{ ref('fct_customer_lifetimes') }}
),

overlapping as (
    select
        subscriptions.*,
        greatest(subscriptions.runs_from_on, lifetimes.active_from_on) as runs_as_customer_from_on,
        case
            when subscriptions.runs_to_on is null then lifetimes.active_to_on
            when lifetimes.active_to_on is null then subscriptions.runs_to_on
            else least(subscriptions.runs_to_on, lifetimes.active_to_on)
        end as runs_as_customer_to_on
    from subscriptions
    inner join lifetimes
        on subscriptions.source_system = lifetimes.source_system
        and subscriptions.account_id = lifetimes.account_id
)

select
    source_system,
    subscription_id,
    account_id,
    runs_as_customer_from_on as runs_from_on,
    runs_as_customer_to_on as runs_to_on,
    own_mrr,
    currency,
    mrr
from overlapping
where runs_as_customer_to_on is null or runs_as_customer_to_on > runs_as_customer_from_on
