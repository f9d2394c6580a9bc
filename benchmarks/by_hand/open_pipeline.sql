-- open_pipeline: the deals that are open at the end of a period, in their stages.
with changes as materialized (
    select
        valid_from_on as day, rep, team, region, stage, pipeline, 1 as deals, open_amount as amount,
        weighted_amount as weighted
    from fct_open_deal_intervals
    union all
    select valid_to_on, rep, team, region, stage, pipeline, -1, -open_amount, -weighted_amount
    from fct_open_deal_intervals
    where valid_to_on is not null
),

steps as (
    select
        day, 'total' as dimension, 'total' as dimension_value, sum(deals) as open_deals,
        sum(case when amount is not null then deals else 0 end) as with_amount, sum(amount) as amount,
        sum(case when weighted is not null then deals else 0 end) as with_weight, sum(weighted) as weighted
    from changes group by all
    union all
    select
        day, 'rep', rep, sum(deals), sum(case when amount is not null then deals else 0 end), sum(amount),
        sum(case when weighted is not null then deals else 0 end), sum(weighted)
    from changes group by all
    union all
    select
        day, 'team', team, sum(deals), sum(case when amount is not null then deals else 0 end), sum(amount),
        sum(case when weighted is not null then deals else 0 end), sum(weighted)
    from changes group by all
    union all
    select
        day, 'region', region, sum(deals), sum(case when amount is not null then deals else 0 end), sum(amount),
        sum(case when weighted is not null then deals else 0 end), sum(weighted)
    from changes group by all
    union all
    select
        day, 'stage', stage, sum(deals), sum(case when amount is not null then deals else 0 end), sum(amount),
        sum(case when weighted is not null then deals else 0 end), sum(weighted)
    from changes group by all
    union all
    select
        day, 'pipeline', pipeline, sum(deals), sum(case when amount is not null then deals else 0 end),
        sum(amount), sum(case when weighted is not null then deals else 0 end), sum(weighted)
    from changes group by all
),

running as materialized (
    select
        day, dimension, dimension_value,
        sum(open_deals) over slices as open_deals,
        sum(with_amount) over slices as with_amount,
        sum(amount) over slices as amount,
        sum(with_weight) over slices as with_weight,
        sum(weighted) over slices as weighted
    from steps
    window slices as (partition by dimension, dimension_value order by day)
),

cells as materialized (
    select period.grain, period.period_start, running.* exclude (day)
    from periods as period
    inner join (select distinct dimension, dimension_value from running) as slice
        on period.grain <> 'day' or slice.dimension = 'total'
    asof join running
        on slice.dimension = running.dimension
        and slice.dimension_value = running.dimension_value
        and period.period_end > running.day
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(open_deals, 0) as open_deals,
        coalesce(with_amount, 0) as with_amount,
        coalesce(amount, 0) as amount,
        coalesce(with_weight, 0) as with_weight,
        coalesce(weighted, 0) as weighted
    from periods as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where open_deals > 0 or dimension = 'total' or dimension is null
)

select
    'open_pipeline' as kpi_id,
    'open_deals' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(open_deals as double) as value,
    cast(open_deals as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'open_pipeline' as kpi_id,
    'open_amount' as measure,
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
    'open_pipeline' as kpi_id,
    'weighted_amount' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(weighted as double) as value,
    cast(with_weight as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
