-- Deals flow into the pipeline and out of it, and none gets lost on the way: from its creation to its closing (or to
-- as_of while it is open) a deal is in an open interval at every moment, but for the time that its history has it in a
-- won or lost stage before it was reopened. A deal that is neither open nor closed is in no interval.
with lives as (
    select
        deals.source_system,
        deals.deal_id,
        deals.state,
        case
            when deals.state = 'open' then {{ dbt.datediff('deals.created_at', 'settings.as_of', 'second') }}
            when deals.closed_at > deals.created_at then {{ dbt.datediff('deals.created_at', 'deals.closed_at', 'second') }}
            else 0
        end as seconds
    from {{ ref('fct_deals') }} as deals
    cross join {{ ref('run_settings') }} as settings
    where deals.state in ('open', 'won', 'lost')
),

open_times as (
    select
        intervals.source_system,
        intervals.deal_id,
        sum({{ dbt.datediff('intervals.valid_from_at', 'coalesce(intervals.valid_to_at, settings.as_of)', 'second') }}) as seconds,
        count(case when intervals.valid_to_at is null then 1 end) as running
    from {{ ref('fct_open_deal_intervals') }} as intervals
    cross join {{ ref('run_settings') }} as settings
    group by intervals.source_system, intervals.deal_id
),

closed_spans as (
    select
        changes.source_system,
        changes.deal_id,
        greatest(changes.entered_at, deals.created_at) as closed_from,
        greatest(changes.next_change_at, deals.created_at) as closed_to
    from {{ ref('fct_deal_stage_changes') }} as changes
    inner join {{ ref('fct_deals') }} as deals
        on changes.source_system = deals.source_system
        and changes.deal_id = deals.deal_id
    where changes.is_visible and changes.outcome in ('won', 'lost') and changes.next_change_at is not null
),

closed_times as (
    select
        source_system,
        deal_id,
        sum({{ dbt.datediff('closed_from', 'closed_to', 'second') }}) as seconds
    from closed_spans
    group by source_system, deal_id
)

select
    coalesce(lives.source_system, open_times.source_system) as source_system,
    coalesce(lives.deal_id, open_times.deal_id) as deal_id,
    lives.state,
    lives.seconds as life,
    open_times.seconds as time_open,
    closed_times.seconds as time_closed,
    open_times.running
from lives
full outer join open_times
    on lives.source_system = open_times.source_system
    and lives.deal_id = open_times.deal_id
left join closed_times
    on lives.source_system = closed_times.source_system
    and lives.deal_id = closed_times.deal_id
where
    lives.deal_id is null
    or lives.seconds <> coalesce(open_times.seconds, 0) + coalesce(closed_times.seconds, 0)
    or coalesce(open_times.running, 0) <> case when lives.state = 'open' then 1 else 0 end
