-- revenue: the amount of the deals won in a period.
with facts as materialized (
    select
        closed_on as day,
        cast(date_trunc('week', closed_on) as date) as week,
        cast(date_trunc('month', closed_on) as date) as month,
        rep, team, region, channel, campaign, product, segment, pipeline,
        amount
    from fct_deals
    where state = 'won'
),

-- A week's days of one month: weeks and months are made of these.
blocks as materialized (
    select
        week, month, 'total' as dimension, 'total' as dimension_value, sum(amount) as amount,
        count(amount) as deals
    from facts group by all
    union all
    select week, month, 'rep', rep, sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'team', team, sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'region', region, sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'channel', channel, sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'campaign', campaign, sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'product', product, sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'segment', segment, sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'pipeline', pipeline, sum(amount), count(amount)
    from facts group by all
),

months as materialized (
    select month, dimension, dimension_value, sum(amount) as amount, sum(deals) as deals
    from blocks group by all
),

cells as materialized (
    select
        'day' as grain, day as period_start, 'total' as dimension, 'total' as dimension_value,
        sum(amount) as amount, count(amount) as deals
    from facts group by all
    union all
    select 'week', week, dimension, dimension_value, sum(amount), sum(deals)
    from blocks group by all
    union all
    select 'month', * from months
    union all
    select period.grain, period.period_start, dimension, dimension_value, sum(amount), sum(deals)
    from months
    inner join periods as period
        on period.grain not in ('day', 'week', 'month')
        and months.month >= period.period_start
        and months.month < period.period_end
    group by all
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(amount, 0) as amount,
        coalesce(deals, 0) as deals
    from periods as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where deals > 0 or dimension = 'total' or dimension is null
)

select
    'revenue' as kpi_id,
    'revenue' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(amount as double) as value,
    cast(deals as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
