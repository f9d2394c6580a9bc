-- One row per usable deal or change of its stage, and rule under which it was repaired: where row and history disagree,
-- or a date or amount is missing or out of order.
with histories as (
    select
        source_system,
        deal_id,
        max(case when is_visible then 0 else 1 end) as has_future
    from {{ ref('int_deal_stage_changes') }}
    group by source_system, deal_id
),

deals as (
    select
        deals.source_system,
        deals.row_key,
        deals.outcome,
        deals.amount,
        stages.outcome as stage_outcome,
        deals.closed_at as delivered_closed_at,
        facts.created_at,
        facts.closed_at,
        facts.state,
        facts.open_amount,
        histories.deal_id is not null as has_history,
        coalesce(histories.has_future, 0) = 1 as has_future
    from {{ kept('deals') }} as deals
    inner join {{ ref('fct_deals') }} as facts
        on deals.source_system = facts.source_system
        and deals.deal_id = facts.deal_id
    left join histories
        on deals.source_system = histories.source_system
        and deals.deal_id = histories.deal_id
    left join {{ ref('dim_stages') }} as stages
        on deals.source_system = stages.source_system
        and facts.pipeline = stages.pipeline
        and deals.stage = stages.stage_name
),

stage_changes as (
    select
        changes.source_system,
        changes.row_key,
        changes.entered_at,
        deals.created_at,
        deals.delivered_closed_at
    from {{ ref('int_deal_stage_changes') }} as changes
    inner join deals
        on changes.source_system = deals.source_system
        and changes.deal_id = deals.row_key
),

repaired as (
    {{ repairs_of('deals', 'deals', 'row_key', {
        'closed_at: before created_at, span taken as 0': 'closed_at < created_at',
        'outcome: not that of the stage history, which wins':
            "state in ('open', 'won', 'lost') and state <> outcome and not has_future"
            ~ ' and (delivered_closed_at is null or delivered_closed_at < ' ~ as_of_utc() ~ ')',
        'outcome: not that of its stage, taken as delivered for want of a history':
            'not has_history and stage_outcome <> outcome',
        'closed_at: closed without a date, neither open nor closed': "state = 'undated'",
        'amount: won without one, adds no revenue': "state = 'won' and amount is null",
        'amount: open without one, list price taken': "state = 'open' and amount is null and open_amount <> 0",
        'amount: open without one, worth nothing': "state = 'open' and amount is null and open_amount = 0",
    }) }}
    union all
    {{ repairs_of('deal_stage_changes', 'stage_changes', 'row_key', {
        'entered_at: before the deal was created, span clipped': 'entered_at < created_at',
        'entered_at: after the deal was closed': 'entered_at > delivered_closed_at',
    }) }}
)

select
    cast(source_system as {{ dbt.type_string() }}) as source_system,
    cast(entity as {{ dbt.type_string() }}) as entity,
    cast(row_key as {{ dbt.type_string() }}) as row_key,
    cast(rule as {{ dbt.type_string() }}) as rule
from repaired
