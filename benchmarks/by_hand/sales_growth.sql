-- sales_growth: the amount of the deals won in a period, beside that of the period before and of a year before.
with facts as materialized (
    select
        closed_on as day,
        cast(date_trunc('week', closed_on) as date) as week,
        cast(date_trunc('month', closed_on) as date) as month,
        rep, team, channel, product,
        closed_local_at,
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
    select week, month, 'channel', channel, sum(amount), count(amount)
    from facts group by all
    union all
    select week, month, 'product', product, sum(amount), count(amount)
    from facts group by all
),

months as materialized (
    select month, dimension, dimension_value, sum(amount) as amount, sum(deals) as deals
    from blocks group by all
),

own as materialized (
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

-- A running period is compared with a part of another one.
cut as materialized (
    select compared.time_window, compared.grain, compared.period_start, facts.*
    from compared_periods as compared
    inner join facts
        on facts.day >= compared.window_start
        and facts.closed_local_at < compared.before_at
    where compared.time_window in ('previous', 'year')
),

windows as (
    select 'own' as time_window, * from own
    union all
    select compared.time_window, compared.grain, compared.period_start, own.* exclude (grain, period_start)
    from compared_periods as compared
    inner join own on compared.grain = own.grain and compared.window_start = own.period_start
    where compared.time_window in ('previous', 'year') and compared.before_at is null
    union all
    select time_window, grain, period_start, 'total', 'total', sum(amount), count(amount) from cut group by all
    union all
    select
        time_window, grain, period_start, 'rep', rep, sum(amount), count(amount)
    from cut where grain <> 'day' group by all
    union all
    select
        time_window, grain, period_start, 'team', team, sum(amount), count(amount)
    from cut where grain <> 'day' group by all
    union all
    select
        time_window, grain, period_start, 'channel', channel, sum(amount), count(amount)
    from cut where grain <> 'day' group by all
    union all
    select
        time_window, grain, period_start, 'product', product, sum(amount), count(amount)
    from cut where grain <> 'day' group by all
),

cells as materialized (
    select
        grain, period_start, dimension, dimension_value,
        sum(case time_window when 'own' then amount end) as amount,
        sum(case time_window when 'previous' then amount end) as previous_amount,
        sum(case time_window when 'year' then amount end) as year_amount,
        sum(case time_window when 'own' then deals end) as deals,
        sum(case time_window when 'previous' then deals end) as previous_deals,
        sum(case time_window when 'year' then deals end) as year_deals
    from windows
    group by all
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(amount, 0) as amount,
        coalesce(previous_amount, 0) as previous_amount,
        coalesce(year_amount, 0) as year_amount,
        coalesce(deals, 0) as deals,
        coalesce(previous_deals, 0) as previous_deals,
        coalesce(year_deals, 0) as year_deals
    from periods as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where coalesce(deals, 0) + coalesce(previous_deals, 0) + coalesce(year_deals, 0) > 0 or dimension = 'total'
        or dimension is null
)

select
    'sales_growth' as kpi_id,
    'growth' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(amount - previous_amount as double) / nullif(cast(previous_amount as double), 0) as value,
    cast(deals + previous_deals as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'sales_growth' as kpi_id,
    'growth_year_on_year' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(amount - year_amount as double) / nullif(cast(year_amount as double), 0) as value,
    cast(deals + year_deals as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'sales_growth' as kpi_id,
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
