-- One row per KPI, measure, grain and complete period of the whole company: the figure, the one of the period before
-- and of a year ago, the healthy range that holds for it, and the status.
{{ config(materialized='view') }}

with figures as (
    select * from {{ ref('kpi_values') }}
    where dimension = 'total' and is_complete
),

measures as (
    select * from {{ ref('kpi_measures') }}
),

compared as (
    select
        figures.*,
        previous.value as previous_value,
        year_ago.value as year_ago_value
    from figures
    left join figures as previous
        on figures.kpi_id = previous.kpi_id
        and figures.measure = previous.measure
        and figures.grain = previous.grain
        and figures.period_start = previous.period_end
    left join figures as year_ago
        on figures.kpi_id = year_ago.kpi_id
        and figures.measure = year_ago.measure
        and figures.grain = year_ago.grain
        and year_ago.period_start = case
            when figures.grain = 'week' then {{ shifted_days('figures.period_start', -364) }}
            else {{ shifted_months('figures.period_start', -12) }}
        end
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
        targets.kpi_id is null and measures.low_is_exclusive as low_is_exclusive,
        targets.kpi_id is null and measures.high_is_exclusive as high_is_exclusive,
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
    kpi_id,
    measure,
    grain,
    period_start,
    period_end,
    unit,
    better,
    value,
    previous_value,
    {{ rounded('(value - previous_value)') }} as change,
    {{ rounded('(value - previous_value) / abs(nullif(previous_value, 0))') }} as change_pct,
    year_ago_value,
    {{ rounded('(value - year_ago_value)') }} as year_change,
    {{ rounded('(value - year_ago_value) / abs(nullif(year_ago_value, 0))') }} as year_change_pct,
    healthy_low,
    healthy_high,
    case
        when value is null then 'no_data'
        when healthy_low is null and healthy_high is null then 'no_target'
        when value < healthy_low or (low_is_exclusive and value <= healthy_low) then 'low'
        when value > healthy_high or (high_is_exclusive and value >= healthy_high) then 'high'
        else 'ok'
    end as status,
    is_provisional
from ranged
where choice = 1
