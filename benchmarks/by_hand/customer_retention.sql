-- customer_retention: of the customers at a period's start, those who are customers at its end, and their monthly
-- revenue.
with facts as materialized (
    select
        segment, rep, team, held_from_on, held_to_on, valid_from_on, valid_to_on,
        case when span = 'start' then 1 end as at_start, case when span = 'kept' then 1 end as kept,
        null as mrr_at_start, null as mrr_kept
    from fct_customer_spans
    where span in ('start', 'kept')
    union all
    select
        segment, rep, team, held_from_on, held_to_on, valid_from_on, valid_to_on,
        null, null, case when span = 'start' then mrr end, case when span = 'kept' then mrr end
    from fct_subscription_spans
),

-- The periods of a grain follow one another: one ends where the next starts.
places as materialized (
    select grain, period_start, period_end, row_number() over (partition by grain order by period_start) as place
    from periods
),

days as materialized (
    select held_from_on as day from facts union select held_to_on from facts
    union select valid_from_on from facts union select valid_to_on from facts
),

-- How many periods have started by a day, and how many have ended.
places_of_days as materialized (
    select marks.grain, marks.day, coalesce(started.place, 0) as started, coalesce(ended.place, 0) as ended
    from (
        select grains.grain, days.day
        from (select distinct grain from places) as grains cross join days where days.day is not null
    ) as marks
    asof left join places as started on marks.grain = started.grain and marks.day >= started.period_start
    asof left join places as ended on marks.grain = ended.grain and marks.day >= ended.period_end
),

placed as materialized (
    select
        held_from.grain,
        greatest(held_from.started, coalesce(valid_from.ended, 0)) + 1 as first_place,
        least(coalesce(held_to.started, 100000), coalesce(valid_to.ended, 100000)) as last_place,
        segment, rep, team, at_start, kept, mrr_at_start, mrr_kept
    from facts
    inner join places_of_days as held_from on facts.held_from_on = held_from.day
    left join places_of_days as held_to on facts.held_to_on = held_to.day and held_from.grain = held_to.grain
    left join places_of_days as valid_from on facts.valid_from_on = valid_from.day
        and held_from.grain = valid_from.grain
    left join places_of_days as valid_to on facts.valid_to_on = valid_to.day and held_from.grain = valid_to.grain
),

changes as materialized (
    select *, first_place as place, 1 as direction from placed where first_place <= last_place
    union all
    select *, last_place + 1, -1 from placed where first_place <= last_place
),

steps as (
    select
        grain, place, 'total' as dimension, 'total' as dimension_value, sum(at_start * direction) as at_start,
        sum(kept * direction) as kept, sum(mrr_at_start * direction) as mrr_at_start,
        sum(mrr_kept * direction) as mrr_kept
    from changes group by all
    union all
    select
        grain, place, 'segment', segment, sum(at_start * direction), sum(kept * direction),
        sum(mrr_at_start * direction), sum(mrr_kept * direction)
    from changes where grain <> 'day' group by all
    union all
    select
        grain, place, 'rep', rep, sum(at_start * direction), sum(kept * direction), sum(mrr_at_start * direction),
        sum(mrr_kept * direction)
    from changes where grain <> 'day' group by all
    union all
    select
        grain, place, 'team', team, sum(at_start * direction), sum(kept * direction),
        sum(mrr_at_start * direction), sum(mrr_kept * direction)
    from changes where grain <> 'day' group by all
),

running as materialized (
    select
        grain, place, dimension, dimension_value,
        sum(at_start) over slices as at_start,
        sum(kept) over slices as kept,
        sum(mrr_at_start) over slices as mrr_at_start,
        sum(mrr_kept) over slices as mrr_kept
    from steps
    window slices as (partition by grain, dimension, dimension_value order by place)
),

cells as materialized (
    select places.grain, places.period_start, running.* exclude (grain, place)
    from places
    inner join (select distinct grain, dimension, dimension_value from running) as slice
        on places.grain = slice.grain
    asof join running
        on slice.grain = running.grain
        and slice.dimension = running.dimension
        and slice.dimension_value = running.dimension_value
        and places.place >= running.place
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(at_start, 0) as at_start,
        coalesce(kept, 0) as kept,
        coalesce(mrr_at_start, 0) as mrr_at_start,
        coalesce(mrr_kept, 0) as mrr_kept
    from periods as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where at_start > 0 or dimension = 'total' or dimension is null
)

select
    'customer_retention' as kpi_id,
    'retention_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(kept as decimal(38, 14)) as numerator,
    cast(at_start as decimal(38, 14)) as denominator,
    kept / nullif(at_start, 0) as value,
    cast(at_start as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'customer_retention' as kpi_id,
    'net_revenue_retention' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(mrr_kept as decimal(38, 14)) as numerator,
    cast(mrr_at_start as decimal(38, 14)) as denominator,
    cast(mrr_kept as double) / nullif(cast(mrr_at_start as double), 0) as value,
    cast(at_start as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
