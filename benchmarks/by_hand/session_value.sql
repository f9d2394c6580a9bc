-- session_value: what sessions bring in, and what a click costs. The total's margin is that of the channels with
-- clicks.
with facts as materialized (
    select
        started_on as day,
        cast(date_trunc('week', started_on) as date) as week,
        cast(date_trunc('month', started_on) as date) as month,
        channel, campaign, landing_page,
        1 as session, order_revenue as revenue, null as cost, null as clicks
    from fct_sessions
    where is_visible
    union all
    select
        spent_on as day,
        cast(date_trunc('week', spent_on) as date) as week,
        cast(date_trunc('month', spent_on) as date) as month,
        channel, campaign, null,
        null, null, cost, coalesce(clicks, 0)
    from fct_ad_spend
    where is_visible
),

days as materialized (
    select
        day, channel, sum(session) as sessions, sum(revenue) as revenue, count(cost) as spends, sum(cost) as cost,
        sum(clicks) as clicks
    from facts group by all
),

-- A week's days of one month: weeks and months are made of these.
blocks as materialized (
    select
        week, month, 'total' as dimension, 'total' as dimension_value, sum(session) as sessions,
        sum(revenue) as revenue, count(cost) as spends, sum(cost) as cost, sum(clicks) as clicks
    from facts group by all
    union all
    select week, month, 'channel', channel, sum(session), sum(revenue), count(cost), sum(cost), sum(clicks)
    from facts group by all
    union all
    select week, month, 'campaign', campaign, sum(session), sum(revenue), count(cost), sum(cost), sum(clicks)
    from facts group by all
    union all
    select week, month, 'landing_page', landing_page, sum(session), sum(revenue), count(cost), sum(cost), sum(clicks)
    from facts where landing_page is not null group by all
),

months as materialized (
    select
        month, dimension, dimension_value, sum(sessions) as sessions, sum(revenue) as revenue,
        sum(spends) as spends, sum(cost) as cost, sum(clicks) as clicks
    from blocks group by all
),

cells as materialized (
    select
        'day' as grain, day as period_start, 'total' as dimension, 'total' as dimension_value,
        sum(sessions) as sessions, sum(revenue) as revenue, sum(spends) as spends, sum(cost) as cost,
        sum(clicks) as clicks
    from days group by all
    union all
    select 'week', week, dimension, dimension_value, sum(sessions), sum(revenue), sum(spends), sum(cost), sum(clicks)
    from blocks group by all
    union all
    select 'month', * from months
    union all
    select
        period.grain, period.period_start, dimension, dimension_value, sum(sessions), sum(revenue), sum(spends),
        sum(cost), sum(clicks)
    from months
    inner join periods as period
        on period.grain not in ('day', 'week', 'month')
        and months.month >= period.period_start
        and months.month < period.period_end
    group by all
),

-- The channels of a period with clicks.
clicked as materialized (
    select grain, period_start, sum(revenue) as clicked_revenue, sum(sessions) as clicked_sessions
    from (
        select grain, period_start, sessions, revenue, clicks from cells where dimension = 'channel'
        union all
        select 'day', day, sessions, revenue, clicks from days
    ) as channels
    where clicks > 0
    group by all
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(sessions, 0) as sessions,
        coalesce(revenue, 0) as revenue,
        coalesce(spends, 0) as spends,
        coalesce(cost, 0) as cost,
        coalesce(clicks, 0) as clicks,
        coalesce(clicked_revenue, 0) as clicked_revenue,
        coalesce(clicked_sessions, 0) as clicked_sessions
    from periods as period
    left join cells using (grain, period_start)
    left join clicked using (grain, period_start)
    where coalesce(dimension_value, dimension) is not null and coalesce(sessions, 0) + coalesce(spends, 0) > 0
        or dimension = 'total' or dimension is null
)

select
    'session_value' as kpi_id,
    'value_per_session' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(revenue as decimal(38, 14)) as numerator,
    cast(sessions as decimal(38, 14)) as denominator,
    cast(revenue as double) / nullif(sessions, 0) as value,
    cast(sessions as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'session_value' as kpi_id,
    'cost_per_click' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(cost as decimal(38, 14)) as numerator,
    cast(clicks as decimal(38, 14)) as denominator,
    cast(cost as double) / nullif(clicks, 0) as value,
    cast(spends as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
where dimension <> 'landing_page'
union all
select
    'session_value' as kpi_id,
    'margin_per_session' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    case when dimension = 'total' then cast(clicked_revenue as double) / nullif(clicked_sessions, 0)
        else cast(revenue as double) / nullif(sessions, 0) end - cast(cost as double) / nullif(clicks, 0) as value,
    cast(case when dimension = 'total' then clicked_sessions else sessions end + spends as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
where dimension <> 'landing_page'
union all
select
    'session_value' as kpi_id,
    'sessions' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(sessions as double) as value,
    cast(sessions as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
