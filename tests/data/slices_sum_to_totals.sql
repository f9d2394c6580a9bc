-- The slices of an additive measure, a count or a sum over the rows themselves, add up to the total: in every grain,
-- period and dimension that the grid holds. (While a build runs, kpi_values holds the KPIs built so far; each is there
-- whole.)
with figures as (
    select
        kpi_id,
        measure,
        grain,
        period_start,
        period_end,
        dimension,
        value
    from {{ ref('kpi_values') }}
    where {{ is_one_of(measures_of_kinds(['count', 'sum'])) }}
),

totals as (
    select * from figures
    where dimension = 'total'
),

dimensions as (
    select distinct
        kpi_id,
        measure,
        grain,
        dimension
    from figures
    where dimension <> 'total'
),

slices as (
    select
        kpi_id,
        measure,
        grain,
        period_start,
        period_end,
        dimension,
        sum(value) as value
    from figures
    where dimension <> 'total'
    group by kpi_id, measure, grain, period_start, period_end, dimension
)

select
    totals.kpi_id,
    totals.measure,
    totals.grain,
    totals.period_start,
    totals.period_end,
    dimensions.dimension,
    totals.value as total,
    slices.value as sum_of_slices
from totals
inner join dimensions
    on totals.kpi_id = dimensions.kpi_id
    and totals.measure = dimensions.measure
    and totals.grain = dimensions.grain
left join slices
    on totals.kpi_id = slices.kpi_id
    and totals.measure = slices.measure
    and totals.grain = slices.grain
    and totals.period_start = slices.period_start
    and totals.period_end = slices.period_end
    and dimensions.dimension = slices.dimension
-- Sums of money are doubles, the nearest to each exact sum.
where abs(coalesce(slices.value, 0) - totals.value) > 1e-9 * greatest(abs(totals.value), 1)
