-- One row per KPI, measure, grain, complete period of the whole company, and goal that the KPI serves: the figure, the
-- one of the period before and of a year ago, the healthy range that holds for it, and the status. A KPI of no goal has
-- one row, without a goal; one of two goals has two.
{{ config(materialized='view') }}

with figures as (
    select * from {{ ref('built_figures') }}
    where dimension = 'total' and is_complete
),

measures as (
    select * from {{ ref('kpi_measures') }}
),

goals as (
    select * from {{ ref('goals') }}
),

-- A figure as its own period sees it, and as each period sees it that is compared with its own.
seen as (
    select
        figures.kpi_id,
        figures.measure,
        comparisons.grain,
        comparisons.period_start,
        comparisons.period_end,
        comparisons.time_window,
        figures.value,
        figures.is_provisional,
        figures.is_asked
    from figures
    inner join {{ ref('compared_periods') }} as comparisons
        on figures.grain = comparisons.grain
        and figures.period_start = comparisons.window_start
        and figures.period_end = comparisons.window_end
),

-- By grouping, not by joining figures with themselves: a planner that expects few would compare all of a measure's.
compared as (
    select
        kpi_id,
        measure,
        grain,
        period_start,
        period_end,
        max(case when time_window = 'own' then value end) as value,
        max(case when time_window = 'previous' then value end) as previous_value,
        max(case when time_window = 'year' then value end) as year_ago_value,
        max(case when time_window = 'own' and is_provisional then 1 else 0 end) = 1 as is_provisional
    from seen
    group by kpi_id, measure, grain, period_start, period_end
    having max(case when time_window = 'own' and is_asked then 1 else 0 end) = 1
),

targets as (
    select
        kpi_id,
        measure,
        nullif(grain, '') as grain,
        low,
        high,
        coalesce(valid_from, cast('0001-01-01' as date)) as valid_from,
        lead(valid_from) over (
            partition by kpi_id, measure, coalesce(grain, '')
            order by coalesce(valid_from, cast('0001-01-01' as date))
        ) as valid_until
    from {{ ref('targets') }}
    where coalesce(dimension, 'total') = 'total'
),

ranged as (
    select
        compared.*,
        measures.unit,
        measures.better,
        case
            when targets.kpi_id is not null then targets.low
            when {{ has_default_range('measures', 'compared.grain') }} then measures.healthy_low
        end as healthy_low,
        case
            when targets.kpi_id is not null then targets.high
            when {{ has_default_range('measures', 'compared.grain') }} then measures.healthy_high
        end as healthy_high,
        targets.kpi_id is null and measures.low_is_exclusive
        and {{ has_default_range('measures', 'compared.grain') }} as low_is_exclusive,
        targets.kpi_id is null and measures.high_is_exclusive
        and {{ has_default_range('measures', 'compared.grain') }} as high_is_exclusive,
        row_number() over (
            partition by compared.kpi_id, compared.measure, compared.grain, compared.period_start
            order by case when targets.grain is null then 1 else 0 end
        ) as choice
    from compared
    inner join measures
        on compared.kpi_id = measures.kpi_id
        and compared.measure = measures.measure
    left join targets
        on compared.kpi_id = targets.kpi_id
        and compared.measure = targets.measure
        and (targets.grain is null or compared.grain = targets.grain)
        and compared.period_start >= targets.valid_from
        and (targets.valid_until is null or compared.period_start < targets.valid_until)
)

select
    goals.goal,
    goals.position as goal_position,
    ranged.kpi_id,
    ranged.measure,
    ranged.grain,
    ranged.period_start,
    ranged.period_end,
    ranged.unit,
    ranged.better,
    ranged.value,
    ranged.previous_value,
    {{ rounded('(ranged.value - ranged.previous_value)') }} as change,
    {{ rounded('(ranged.value - ranged.previous_value) / abs(nullif(ranged.previous_value, 0))') }} as change_pct,
    ranged.year_ago_value,
    {{ rounded('(ranged.value - ranged.year_ago_value)') }} as year_change,
    {{ rounded('(ranged.value - ranged.year_ago_value) / abs(nullif(ranged.year_ago_value, 0))') }} as year_change_pct,
    ranged.healthy_low,
    ranged.low_is_exclusive,
    ranged.healthy_high,
    ranged.high_is_exclusive,
    case
        when ranged.value is null then 'no_data'
        when ranged.healthy_low is null and ranged.healthy_high is null then 'no_target'
        -- Outcomes may still come, which would change the judgement.
        when ranged.is_provisional then 'provisional'
        when ranged.value < ranged.healthy_low then 'low'
        when ranged.low_is_exclusive and ranged.value = ranged.healthy_low then 'low'
        when ranged.value > ranged.healthy_high then 'high'
        when ranged.high_is_exclusive and ranged.value = ranged.healthy_high then 'high'
        else 'ok'
    end as status,
    ranged.is_provisional
from ranged
left join goals
    on ranged.kpi_id = goals.kpi_id
where ranged.choice = 1
