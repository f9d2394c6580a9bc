-- One row per account and interval in which it was a customer without a break, as of as_of; the last one of a customer
-- has no end. At the start of a day b it is one where active_from_on < b, and active_to_on is null or b at the
-- earliest; lost_on is the first day on which it is none.
with spells as (
    {% if customers_subscribe() -%}
        select
            source_system,
            account_id,
            runs_from_on as active_from_on,
            runs_to_on as active_to_on,
            runs_to_on as lost_on
        from {{ ref('fct_subscription_intervals') }}
    {%- else -%}
        select
            source_system,
            account_id,
            purchased_on as active_from_on,
            case when aged_on <= cast({{ as_of_local() }} as date) then {{ shifted_days('aged_on', -1) }} end as active_to_on,
            case when aged_on <= cast({{ as_of_local() }} as date) then aged_on end as lost_on
        from (
            select
                *,
                {{ shifted_days('purchased_on', setting('active_days') | int) }} as aged_on
            from {{ ref('fct_purchases') }}
        ) as purchases
    {%- endif %}
),

reached as (
    select
        *,
        max(coalesce(active_to_on, cast('9999-12-31' as date))) over (
            partition by source_system, account_id
            order by active_from_on nulls first, coalesce(active_to_on, cast('9999-12-31' as date)) nulls first
            rows between unbounded preceding and 1 preceding
        ) as reached_on
    from spells
),

numbered as (
    select
        *,
        sum(case when reached_on is null or active_from_on > reached_on then 1 else 0 end) over (
            partition by source_system, account_id
            order by active_from_on nulls first, coalesce(active_to_on, cast('9999-12-31' as date)) nulls first
            rows between unbounded preceding and current row
        ) as lifetime_number
    from reached
),

joined as (
    select
        source_system,
        account_id,
        lifetime_number,
        min(active_from_on) as active_from_on,
        case when count(*) = count(active_to_on) then max(active_to_on) end as active_to_on,
        case when count(*) = count(lost_on) then max(lost_on) end as lost_on
    from numbered
    group by source_system, account_id, lifetime_number
)

select
    joined.source_system,
    joined.account_id,
    owners.account,
    owners.segment,
    owners.rep_id,
    owners.rep,
    owners.team,
    owners.channel,
    cast(joined.lifetime_number as bigint) as lifetime_number,
    min(joined.active_from_on) over (partition by joined.source_system, joined.account_id) as first_active_on,
    joined.active_from_on,
    joined.active_to_on,
    joined.lost_on,
    lead(joined.active_from_on) over (
        partition by joined.source_system, joined.account_id order by joined.active_from_on
    ) as returned_on
from joined
inner join {{ ref('dim_account_owners') }} as owners
    on joined.source_system = owners.source_system
    and joined.account_id = owners.account_id
