-- One row per kept deal: its state as of as_of. History beats the row; without any history the row's outcome holds.
-- state is open, won, lost, undated (closed, but nowhere is a date) or hidden (created at or after as_of).
with deals as (
    select * from {{ kept('deals') }} as deals
),

histories as (
    select
        source_system,
        deal_id,
        max(case when is_last then outcome end) as last_outcome,
        max(case when is_last then entered_at end) as last_entered_at,
        max(case when is_last then stage end) as last_stage,
        max(case when is_last then previous_stage end) as stage_before_last,
        min(case when is_visible then entered_at end) as first_entered_at,
        max(case when is_visible and is_qualified and outcome = 'open' then 1 else 0 end) = 1 as was_qualified
    from {{ ref('int_deal_stage_changes') }}
    group by source_system, deal_id
),

compared as (
    select
        deals.*,
        histories.deal_id is not null as has_history,
        histories.last_outcome,
        histories.last_entered_at,
        histories.last_stage,
        histories.stage_before_last,
        histories.first_entered_at,
        coalesce(histories.was_qualified, false) as was_qualified,
        case
            when deals.created_at >= {{ as_of_utc() }} then 'hidden'
            when histories.deal_id is not null then coalesce(histories.last_outcome, 'open')
            when deals.outcome = 'open' then 'open'
            when deals.closed_at is null then 'undated'
            when deals.closed_at < {{ as_of_utc() }} then deals.outcome
            else 'open'
        end as state
    from deals
    left join histories
        on deals.source_system = histories.source_system
        and deals.deal_id = histories.deal_id
)

select
    source_system,
    deal_id,
    created_at,
    coalesce(pipeline, 'default') as pipeline,
    has_history,
    outcome as row_outcome,
    state,
    case
        when state not in ('won', 'lost') then null
        when has_history then last_entered_at
        else closed_at
    end as effective_closed_at,
    case when has_history then coalesce(last_stage, '(none)') end as history_stage,
    first_entered_at,
    was_qualified,
    case when state = 'lost' then coalesce(stage_before_last, '(none)') end as lost_from_stage
from compared
