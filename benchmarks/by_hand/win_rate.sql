-- win_rate: of the deals closed in a period, the share that was won, and the same of their amounts.
with facts as materialized (
    select
        closed_on as day,
        cast(date_trunc('week', closed_on) as date) as week,
        cast(date_trunc('month', closed_on) as date) as month,
        rep, team, region, channel, campaign, product, segment, pipeline,
        case when state = 'won' then 1 else 0 end as won,
        amount,
        case when state = 'won' then amount end as won_amount,
        case when state = 'lost' then amount end as lost_amount
    from fct_deals
    where state in ('won', 'lost')
),

-- A week's days of one month: weeks and months are made of these.
blocks as materialized (
    select
        week, month, 'total' as dimension, 'total' as dimension_value, sum(won) as won, count(*) as closed,
        sum(won_amount) as won_amount, sum(amount) as amount, count(amount) as with_amount,
        count(lost_amount) as lost_with_amount
    from facts group by all
    union all
    select
        week, month, 'rep', rep, sum(won), count(*), sum(won_amount), sum(amount), count(amount),
        count(lost_amount)
    from facts group by all
    union all
    select
        week, month, 'team', team, sum(won), count(*), sum(won_amount), sum(amount), count(amount),
        count(lost_amount)
    from facts group by all
    union all
    select
        week, month, 'region', region, sum(won), count(*), sum(won_amount), sum(amount), count(amount),
        count(lost_amount)
    from facts group by all
    union all
    select
        week, month, 'channel', channel, sum(won), count(*), sum(won_amount), sum(amount), count(amount),
        count(lost_amount)
    from facts group by all
    union all
    select
        week, month, 'campaign', campaign, sum(won), count(*), sum(won_amount), sum(amount), count(amount),
        count(lost_amount)
    from facts group by all
    union all
    select
        week, month, 'product', product, sum(won), count(*), sum(won_amount), sum(amount), count(amount),
        count(lost_amount)
    from facts group by all
    union all
    select
        week, month, 'segment', segment, sum(won), count(*), sum(won_amount), sum(amount), count(amount),
        count(lost_amount)
    from facts group by all
    union all
    select
        week, month, 'pipeline', pipeline, sum(won), count(*), sum(won_amount), sum(amount), count(amount),
        count(lost_amount)
    from facts group by all
),

months as materialized (
    select
        month, dimension, dimension_value, sum(won) as won, sum(closed) as closed, sum(won_amount) as won_amount,
        sum(amount) as amount, sum(with_amount) as with_amount, sum(lost_with_amount) as lost_with_amount
    from blocks group by all
),

cells as materialized (
    select
        'day' as grain, day as period_start, 'total' as dimension, 'total' as dimension_value, sum(won) as won,
        count(*) as closed, sum(won_amount) as won_amount, sum(amount) as amount, count(amount) as with_amount,
        count(lost_amount) as lost_with_amount
    from facts group by all
    union all
    select
        'week', week, dimension, dimension_value, sum(won), sum(closed), sum(won_amount), sum(amount),
        sum(with_amount), sum(lost_with_amount)
    from blocks group by all
    union all
    select 'month', * from months
    union all
    select
        period.grain, period.period_start, dimension, dimension_value, sum(won), sum(closed), sum(won_amount),
        sum(amount), sum(with_amount), sum(lost_with_amount)
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
        coalesce(closed, 0) as closed,
        coalesce(won_amount, 0) as won_amount,
        coalesce(amount, 0) as amount,
        coalesce(with_amount, 0) as with_amount,
        coalesce(lost_with_amount, 0) as lost_with_amount
    from periods as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where closed > 0 or dimension = 'total' or dimension is null
)

select
    'win_rate' as kpi_id,
    'win_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(won as decimal(38, 14)) as numerator,
    cast(closed as decimal(38, 14)) as denominator,
    won / nullif(closed, 0) as value,
    cast(closed as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'win_rate' as kpi_id,
    'win_rate_by_value' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(won_amount as decimal(38, 14)) as numerator,
    cast(amount as decimal(38, 14)) as denominator,
    case when lost_with_amount > 0 then cast(won_amount as double) / nullif(cast(amount as double), 0) end as value,
    cast(with_amount as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
