-- Every visible change into an open stage begins one visit, which ends with the deal's next change; a deal without
-- any history has one visit at most, from its creation on. There are no other visits.
with histories as (
    select distinct
        source_system,
        deal_id
    from {{ ref('fct_deal_stage_changes') }}
),

both_sides as (
    select
        source_system,
        deal_id,
        stage,
        entered_at,
        next_change_at as exited_at,
        1 as expected,
        1 as allowed,
        0 as visited
    from {{ ref('fct_deal_stage_changes') }}
    where is_visible and outcome = 'open'
    union all
    select
        deals.source_system,
        deals.deal_id,
        deals.stage,
        deals.created_at as entered_at,
        deals.closed_at as exited_at,
        0 as expected,
        1 as allowed,
        0 as visited
    from {{ ref('fct_deals') }} as deals
    left join histories
        on deals.source_system = histories.source_system
        and deals.deal_id = histories.deal_id
    where deals.is_visible and histories.deal_id is null
    union all
    select
        source_system,
        deal_id,
        stage,
        entered_at,
        exited_at,
        0 as expected,
        0 as allowed,
        1 as visited
    from {{ ref('fct_stage_visits') }}
)

select
    source_system,
    deal_id,
    stage,
    entered_at,
    exited_at,
    sum(expected) as expected,
    sum(allowed) as allowed,
    sum(visited) as visited
from both_sides
group by source_system, deal_id, stage, entered_at, exited_at
having sum(visited) < sum(expected) or sum(visited) > sum(allowed)
