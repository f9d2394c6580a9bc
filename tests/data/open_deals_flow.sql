-- Deals flow into the pipeline and out of it, and none gets lost on the way: from its creation to its closing (or to
-- as_of while it is open) a deal is in an open interval at every moment, but for the time that its history has it in a
-- won or lost stage before it was reopened. A deal that is neither open nor closed is in no interval.
with deals as (
    select
        deals.source_system,
        deals.deal_id,
        deals.state,
        deals.created_at,
        case when deals.state = 'open' then settings.as_of else deals.closed_at end as ended_at
    from {{ ref('fct_deals') }} as deals
    cross join {{ ref('run_settings') }} as settings
    where deals.state in ('open', 'won', 'lost')
),

open_spans as (
    select
        intervals.source_system,
        intervals.deal_id,
        intervals.valid_from_at,
        coalesce(intervals.valid_to_at, settings.as_of) as valid_to_at,
        case when intervals.valid_to_at is null then 1 else 0 end as is_running
    from {{ ref('fct_open_deal_intervals') }} as intervals
    cross join {{ ref('run_settings') }} as settings
),

open_times as (
    select
        source_system,
        deal_id,
        sum({{ dbt.datediff('valid_from_at', 'valid_to_at', 'second') }}) as seconds,
        sum(is_running) as running
    from open_spans
    group by source_system, deal_id
),

closed_spans as (
    select
        changes.source_system,
        changes.deal_id,
        greatest(changes.entered_at, deals.created_at) as closed_from,
        greatest(changes.next_change_at, deals.created_at) as closed_to
    from {{ ref('fct_deal_stage_changes') }} as changes
    inner join deals
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
),

lives as (
    select
        source_system,
        deal_id,
        state,
        greatest({{ dbt.datediff('created_at', 'ended_at', 'second') }}, 0) as seconds
    from deals
)

select
    coalesce(lives.source_system, open_times.source_system) as source_system,
    coalesce(lives.deal_id, open_times.deal_id) as deal_id,
    lives.state,
    lives.seconds as seconds_of_life,
    open_times.seconds as seconds_open,
    closed_times.seconds as seconds_closed,
    open_times.running as running_intervals
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
