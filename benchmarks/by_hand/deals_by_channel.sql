-- deals_by_channel: deals won, their amount, and each channel's share of the deals.
with facts as materialized (
    select
        closed_on as day,
        cast(date_trunc('week', closed_on) as date) as week,
        cast(date_trunc('month', closed_on) as date) as month,
        channel, campaign,
        amount
    from fct_deals
    where state = 'won'
),

-- A week's days of one month: weeks and months are made of these.
blocks as materialized (
    select
        week, month, 'total' as dimension, 'total' as dimension_value, count(*) as won, sum(amount) as amount,
        count(amount) as with_amount
    from facts group by all
    union all
    select week, month, 'channel', channel, count(*), sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'campaign', campaign, count(*), sum(amount), count(amount)
    from facts group by all
),

months as materialized (
    select month, dimension, dimension_value, sum(won) as won, sum(amount) as amount, sum(with_amount) as with_amount
    from blocks group by all
),

cells as materialized (
    select
        'day' as grain, day as period_start, 'total' as dimension, 'total' as dimension_value, count(*) as won,
        sum(amount) as amount, count(amount) as with_amount
    from facts group by all
    union all
    select 'week', week, dimension, dimension_value, sum(won), sum(amount), sum(with_amount)
    from blocks group by all
    union all
    select 'month', * from months
    union all
    select period.grain, period.period_start, dimension, dimension_value, sum(won), sum(amount), sum(with_amount)
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
        coalesce(won, 0) as won,
        coalesce(amount, 0) as amount,
        coalesce(with_amount, 0) as with_amount,
        coalesce(max(case when dimension = 'total' then won end) over (
            partition by period.grain, period.period_start
        ), 0) as all_won
    from periods as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where won > 0 or dimension = 'total' or dimension is null
)

select
    'deals_by_channel' as kpi_id,
    'won_deals' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(won as double) as value,
    cast(won as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'deals_by_channel' as kpi_id,
    'revenue' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(amount as double) as value,
    cast(with_amount as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'deals_by_channel' as kpi_id,
    'share' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(won as decimal(38, 14)) as numerator,
    cast(all_won as decimal(38, 14)) as denominator,
    won / nullif(all_won, 0) as value,
    cast(won as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
