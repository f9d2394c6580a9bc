-- One row per visit of a deal to an open stage. A re-entry is a visit of its own; a deal without any history has
-- visited its current stage, if that is an open one, from its creation on.
with changes as (
    select * from {{ ref('int_deal_stage_changes') }}
    where is_visible
),

advances as (
    select
        changes.source_system,
        changes.deal_id,
        changes.change_number,
        min(later.entered_at) as advanced_at
    from changes
    inner join changes as later
        on changes.source_system = later.source_system
        and changes.deal_id = later.deal_id
        and changes.change_number < later.change_number
        and changes.position < later.position
    where changes.outcome = 'open' and later.outcome = 'open'
    group by changes.source_system, changes.deal_id, changes.change_number
),

states as (
    select * from {{ ref('int_deal_states') }}
),

deals as (
    select * from {{ ref('fct_deals') }}
),

stages as (
    select * from {{ ref('dim_stages') }}
),

from_history as (
    select
        changes.source_system,
        changes.deal_id,
        changes.pipeline,
        changes.stage,
        changes.entered_at,
        changes.next_change_at as exited_at,
        row_number() over (
            partition by changes.source_system, changes.deal_id, changes.stage_name order by changes.change_number
        ) = 1 as is_first_entry,
        case
            when states.state = 'won'
                then least(coalesce(advances.advanced_at, states.effective_closed_at), states.effective_closed_at)
            else advances.advanced_at
        end as advanced_at
    from changes
    left join advances
        on changes.source_system = advances.source_system
        and changes.deal_id = advances.deal_id
        and changes.change_number = advances.change_number
    left join states
        on changes.source_system = states.source_system
        and changes.deal_id = states.deal_id
    where changes.outcome = 'open'
),

without_history as (
    select
        deals.source_system,
        deals.deal_id,
        deals.pipeline,
        deals.stage,
        deals.created_at as entered_at,
        deals.closed_at as exited_at,
        true as is_first_entry,
        case when deals.state = 'won' then deals.closed_at end as advanced_at
    from deals
    inner join states
        on deals.source_system = states.source_system
        and deals.deal_id = states.deal_id
    left join stages
        on deals.source_system = stages.source_system
        and deals.pipeline = stages.pipeline
        and deals.stage = stages.stage
    where not states.has_history and deals.is_visible and coalesce(stages.outcome, states.row_outcome) = 'open'
),

visits as (
    select * from from_history
    union all
    select * from without_history
)

select
    visits.source_system,
    visits.deal_id,
    visits.pipeline,
    visits.stage,
    coalesce(deals.rep, '(unknown)') as rep,
    coalesce(deals.team, '(unknown)') as team,
    visits.entered_at,
    {{ local_date('visits.entered_at') }} as entered_on,
    visits.exited_at,
    {{ local_date('visits.exited_at') }} as exited_on,
    case
        when visits.exited_at is not null then {{ days_between(
            local_date('greatest(visits.entered_at, coalesce(deals.created_at, visits.entered_at))'),
            local_date('least(visits.exited_at, coalesce(deals.closed_at, visits.exited_at))')
        ) }}
    end as days_in_stage,
    visits.is_first_entry,
    visits.advanced_at
from visits
left join deals
    on visits.source_system = deals.source_system
    and visits.deal_id = deals.deal_id
