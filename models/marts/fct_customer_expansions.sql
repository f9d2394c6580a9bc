-- One row per customer, lifetime and day on which it renewed or bought more (a renewal or upsell subscription started,
-- or it purchased), with the span of period starts from which this is the first such day of a period.
with parts as (
    select
        source_system,
        account_id,
        started_on as expanded_on,
        cast(null as timestamp) as expanded_at
    from {{ ref('fct_subscriptions') }}
    where is_visible and kind in ('renewal', 'upsell')
    union all
    select
        source_system,
        account_id,
        purchased_on as expanded_on,
        purchased_at as expanded_at
    from {{ ref('fct_purchases') }}
),

-- Of a subscription only the day is known, so that a day on which one started has no time.
expansions as (
    select
        source_system,
        account_id,
        expanded_on,
        case when count(*) = count(expanded_at) then min(expanded_at) end as expanded_at
    from parts
    group by source_system, account_id, expanded_on
),

following as (
    select
        *,
        lag(expanded_on) over (partition by source_system, account_id order by expanded_on) as expanded_before_on
    from expansions
),

spans as (
    select
        following.source_system,
        following.account_id,
        lifetimes.rep,
        lifetimes.team,
        lifetimes.channel,
        following.expanded_on,
        following.expanded_at,
        greatest(
            lifetimes.active_from_on, coalesce(following.expanded_before_on, lifetimes.active_from_on)
        ) as held_from_on,
        least(coalesce(lifetimes.active_to_on, following.expanded_on), following.expanded_on) as held_to_on
    from following
    inner join {{ ref('fct_customer_lifetimes') }} as lifetimes
        on following.source_system = lifetimes.source_system
        and following.account_id = lifetimes.account_id
        and following.expanded_on > lifetimes.active_from_on
)

select * from spans
where held_from_on < held_to_on
