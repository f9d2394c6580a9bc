-- sales_cycle: the days from creation to win of the deals won in a period.
with facts as materialized (
    select closed_on as day, rep, team, region, channel, campaign, product, segment, pipeline, days_to_close
    from fct_deals
    where state = 'won'
),

-- A fiscal quarter that is a quarter is worked out once.
bridge as (
    select period_start, period_end, date_day
    from window_days
    inner join (
        select distinct window_id, period_start, period_end
        from compared_periods
        where time_window = 'own' and grain <> 'day'
    ) as own_windows using (window_id)
),

met as materialized (
    select bridge.period_start, bridge.period_end, facts.*
    from facts
    inner join bridge on facts.day = bridge.date_day
),

cells as materialized (
    select
        period_start, period_end, 'total' as dimension, 'total' as dimension_value, sum(days_to_close) as days,
        count(days_to_close) as deals, quantile_cont(cast(days_to_close as double), [0.5, 0.9]) as percentiles
    from met group by all
    union all
    select
        period_start, period_end, 'rep', rep, sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'team', team, sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'region', region, sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'channel', channel, sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'campaign', campaign, sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'product', product, sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'segment', segment, sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'pipeline', pipeline, sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from met group by all
    union all
    select
        day, day + 1, 'total', 'total', sum(days_to_close), count(days_to_close),
        quantile_cont(cast(days_to_close as double), [0.5, 0.9])
    from facts group by all
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
        on period.period_start = cells.period_start
        and period.period_end = cells.period_end
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
