-- One row per deal and interval in which it was open in one stage; the last one of an open deal has no end.
-- A deal with history is in stage (none) before its first change; one without has its current stage throughout.
with states as (
    select * from {{ ref('int_deal_states') }}
    where state in ('open', 'won', 'lost')
),

changes as (
    select * from {{ ref('int_deal_stage_changes') }}
    where is_visible and has_deal
),

stages as (
    select * from {{ ref('dim_stages') }}
),

before_first_change as (
    select
        source_system,
        deal_id,
        '(none)' as stage,
        '(none)' as probability_bucket,
        cast(null as decimal(7, 6)) as probability,
        false as is_qualified,
        created_at as valid_from_at,
        case
            when first_entered_at is not null then greatest(first_entered_at, created_at)
        end as valid_to_at
    from states
    where has_history
),

between_changes as (
    select
        states.source_system,
        states.deal_id,
        changes.stage,
        changes.probability_bucket,
        changes.probability,
        changes.is_qualified,
        greatest(changes.entered_at, states.created_at) as valid_from_at,
        case
            when changes.next_change_at is not null then greatest(changes.next_change_at, states.created_at)
        end as valid_to_at
    from changes
    inner join states
        on changes.source_system = states.source_system
        and changes.deal_id = states.deal_id
    where changes.outcome = 'open'
),

without_history as (
    select
        states.source_system,
        states.deal_id,
        deals.stage,
        coalesce(stages.probability_bucket, '(unknown)') as probability_bucket,
        stages.probability,
        coalesce(stages.is_qualified, false) as is_qualified,
        states.created_at as valid_from_at,
        case
            when states.effective_closed_at is not null then greatest(states.effective_closed_at, states.created_at)
        end as valid_to_at
    from states
    inner join {{ ref('fct_deals') }} as deals
        on states.source_system = deals.source_system
        and states.deal_id = deals.deal_id
    left join stages
        on deals.source_system = stages.source_system
        and deals.pipeline = stages.pipeline
        and deals.stage = stages.stage
    where not states.has_history
),

intervals as (
    select * from before_first_change
    union all
    select * from between_changes
    union all
    select * from without_history
)

select
    intervals.source_system,
    intervals.deal_id,
    intervals.stage,
    intervals.probability_bucket,
    intervals.probability,
    intervals.is_qualified,
    intervals.valid_from_at,
    intervals.valid_to_at,
    {{ local_date('intervals.valid_from_at') }} as valid_from_on,
    {{ local_date('intervals.valid_to_at') }} as valid_to_on,
    deals.pipeline,
    deals.rep,
    deals.team,
    deals.region,
    deals.open_amount,
    deals.rationale_note is not null as has_rationale,
    cast(deals.open_amount * intervals.probability as decimal(38, 20)) as weighted_amount
from intervals
inner join {{ ref('fct_deals') }} as deals
    on intervals.source_system = deals.source_system
    and intervals.deal_id = deals.deal_id
where intervals.valid_to_at is null or intervals.valid_to_at > intervals.valid_from_at
