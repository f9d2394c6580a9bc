-- pipeline_multiplier: what is open at the end of a period, in multiples of its revenue quota. Months and coarser
-- periods.
with changes as materialized (
    select valid_from_on as day, rep, team, 1 as deals, open_amount as amount
    from fct_open_deal_intervals
    where open_amount is not null
    union all
    select valid_to_on, rep, team, -1, -open_amount
    from fct_open_deal_intervals
    where open_amount is not null and valid_to_on is not null
),

steps as (
    select day, 'total' as dimension, 'total' as dimension_value, sum(deals) as deals, sum(amount) as amount
    from changes group by all
    union all
    select day, 'rep', rep, sum(deals), sum(amount)
    from changes group by all
    union all
    select day, 'team', team, sum(deals), sum(amount)
    from changes group by all
),

running as materialized (
    select
        day, dimension, dimension_value,
        sum(deals) over slices as deals,
        sum(amount) over slices as amount
    from steps
    window slices as (partition by dimension, dimension_value order by day)
),

quotas as materialized (
    select month, rep, team, sum(target) as quota, count(distinct quota_key) as quotas
    from fct_quota_days where kind = 'revenue' group by all
),

months as (
    select month, 'total' as dimension, 'total' as dimension_value, sum(quota) as quota, sum(quotas) as quotas
    from quotas group by all
    union all
    select month, 'rep', rep, sum(quota), sum(quotas) from quotas where rep is not null group by all
    union all
    select month, 'team', team, sum(quota), sum(quotas) from quotas where team is not null group by all
),

asked as materialized (
    select * from periods where grain not in ('day', 'week')
),

parts as (
    select period.grain, period.period_start, dimension, dimension_value, 0 as deals, 0 as amount, quota, quotas
    from months
    inner join asked as period on months.month >= period.period_start and months.month < period.period_end
    union all
    select period.grain, period.period_start, running.* exclude (day), 0, 0
    from asked as period
    cross join (select distinct dimension, dimension_value from running) as slice
    asof join running
        on slice.dimension = running.dimension
        and slice.dimension_value = running.dimension_value
        and period.period_end > running.day
),

cells as (
    select
        grain, period_start, dimension, dimension_value,
        sum(deals) as deals, sum(amount) as amount, sum(quota) as quota, sum(quotas) as quotas
    from parts group by all
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(deals, 0) as deals,
        coalesce(amount, 0) as amount,
        coalesce(quota, 0) as quota,
        coalesce(quotas, 0) as quotas
    from asked as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where deals + quotas > 0 or dimension = 'total' or dimension is null
)

select
    'pipeline_multiplier' as kpi_id,
    'multiplier' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(amount as decimal(38, 14)) as numerator,
    cast(quota as decimal(38, 14)) as denominator,
    cast(amount as double) / nullif(cast(quota as double), 0) as value,
    cast(deals + quotas as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
