-- History beats the row: a deal that has visible stage changes is in the stage and state of the last of them, and a
-- closed one was closed at its moment.
with histories as (
    select
        source_system,
        deal_id,
        stage,
        outcome,
        entered_at
    from {{ ref('fct_deal_stage_changes') }}
    where is_visible and next_change_at is null
)

select
    deals.source_system,
    deals.deal_id,
    deals.state,
    deals.stage,
    deals.closed_at,
    histories.outcome as last_outcome,
    histories.stage as last_stage,
    histories.entered_at as last_entered_at
from {{ ref('fct_deals') }} as deals
inner join histories
    on deals.source_system = histories.source_system
    and deals.deal_id = histories.deal_id
where
    deals.state <> histories.outcome
    or deals.stage <> histories.stage
    or coalesce(deals.closed_at <> histories.entered_at, deals.state in ('won', 'lost'))
