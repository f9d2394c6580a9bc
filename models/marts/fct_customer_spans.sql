-- One row per customer and span that a period may have over its lifetimes: customers at its start (start), those of
-- them who are customers at its end (kept), and those who are not (lost), with the day of the loss. A kept or lost
-- customer may have left and come back in between.
with lifetimes as (
    select * from {{ ref('fct_customer_lifetimes') }}
),

pairs as (
    select
        starting.source_system,
        starting.account_id,
        starting.segment,
        starting.rep,
        starting.team,
        starting.channel,
        starting.first_active_on,
        starting.active_from_on as held_from_on,
        starting.active_to_on as held_to_on,
        ending.active_from_on,
        ending.active_to_on,
        ending.lost_on,
        ending.returned_on
    from lifetimes as starting
    inner join lifetimes as ending
        on starting.source_system = ending.source_system
        and starting.account_id = ending.account_id
        and starting.active_from_on <= ending.active_from_on
),

spans as (
    select
        lifetimes.source_system,
        lifetimes.account_id,
        lifetimes.segment,
        lifetimes.rep,
        lifetimes.team,
        lifetimes.channel,
        'start' as span,
        lifetimes.active_from_on as held_from_on,
        lifetimes.active_to_on as held_to_on,
        cast(null as date) as valid_from_on,
        cast(null as date) as valid_to_on,
        cast(null as bigint) as lifetime_days
    from lifetimes
    union all
    select
        source_system,
        account_id,
        segment,
        rep,
        team,
        channel,
        'kept' as span,
        held_from_on,
        held_to_on,
        active_from_on as valid_from_on,
        active_to_on as valid_to_on,
        null as lifetime_days
    from pairs
    union all
    select
        source_system,
        account_id,
        segment,
        rep,
        team,
        channel,
        'lost' as span,
        held_from_on,
        held_to_on,
        active_to_on as valid_from_on,
        returned_on as valid_to_on,
        {{ days_between('first_active_on', 'lost_on') }} as lifetime_days
    from pairs
    where active_to_on is not null
)

select * from spans
