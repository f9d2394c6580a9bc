-- sales_cycle: the days from creation to win of the deals won in a period.
with facts as (
    select closed_on as day, rep, team, region, channel, campaign, product, segment, pipeline, days_to_close
    from fct_deals
    where state = 'won'
),

met as materialized (
    select bridge.grain, bridge.period_start, facts.*
    from facts
    inner join period_days as bridge on facts.day = bridge.date_day and bridge.time_window = 'own'
),

cells as materialized (
    select grain, period_start, 'total' as dimension, 'total' as dimension_value, sum(days_to_close) as days, count(days_to_close) as deals, quantile_cont(cast(days_to_close as double), [0.5, 0.9]) as percentiles
    from met group by all
    union all
    select grain, period_start, 'rep', rep, sum(days_to_close), count(days_to_close), quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met where grain <> 'day' group by all
    union all
    select grain, period_start, 'team', team, sum(days_to_close), count(days_to_close), quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met where grain <> 'day' group by all
    union all
    select grain, period_start, 'region', region, sum(days_to_close), count(days_to_close), quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met where grain <> 'day' group by all
    union all
    select grain, period_start, 'channel', channel, sum(days_to_close), count(days_to_close), quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met where grain <> 'day' group by all
    union all
    select grain, period_start, 'campaign', campaign, sum(days_to_close), count(days_to_close), quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met where grain <> 'day' group by all
    union all
    select grain, period_start, 'product', product, sum(days_to_close), count(days_to_close), quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met where grain <> 'day' group by all
    union all
    select grain, period_start, 'segment', segment, sum(days_to_close), count(days_to_close), quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met where grain <> 'day' group by all
    union all
    select grain, period_start, 'pipeline', pipeline, sum(days_to_close), count(days_to_close), quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met where grain <> 'day' group by all
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(days, 0) as days,
        coalesce(deals, 0) as deals,
        percentiles
    from periods as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where deals > 0 or dimension = 'total' or dimension is null
)

select
    'sales_cycle' as kpi_id,
    'mean_days' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(days as decimal(38, 14)) as numerator,
    cast(deals as decimal(38, 14)) as denominator,
    days / nullif(deals, 0) as value,
    cast(deals as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'sales_cycle' as kpi_id,
    'median_days' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    percentiles[1] as value,
    cast(deals as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'sales_cycle' as kpi_id,
    'p90_days' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    percentiles[2] as value,
    cast(deals as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
