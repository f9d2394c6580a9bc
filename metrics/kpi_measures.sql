-- One row per KPI and measure: what it is, and whether the delivered data can give it.
{{ config(materialized='table') }}
{% set measures = catalog_measures() if execute else [] -%}
with measures as (
    {% for entry in measures -%}
    select
        {{ literal(entry.kpi_id) }} as kpi_id,
        {{ literal(entry.measure) }} as measure,
        {{ entry.position }} as position,
        {{ literal(entry.unit) }} as unit,
        {{ literal(entry.basis) }} as basis,
        {{ literal(entry.better) }} as better,
        cast({{ literal(entry.healthy_low) }} as {{ double_type() }}) as healthy_low,
        cast({{ literal(entry.healthy_high) }} as {{ double_type() }}) as healthy_high,
        {{ literal(entry.low_is_exclusive) }} as low_is_exclusive,
        {{ literal(entry.high_is_exclusive) }} as high_is_exclusive,
        {{ literal(entry.healthy_grains) }} as healthy_grains,
        {{ literal(entry.dimensions) }} as dimensions,
        {{ literal(entry.needs) }} as needs
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        null as kpi_id, null as measure, 0 as position, null as unit, null as basis, null as better,
        cast(null as {{ double_type() }}) as healthy_low, cast(null as {{ double_type() }}) as healthy_high, false as low_is_exclusive, false as high_is_exclusive, null as healthy_grains,
        null as dimensions, null as needs
    where 1 = 0
    {% endfor -%}
),

lacking as (
    select
        kpi_id,
        measure,
        max(case when dimension is null then 1 else 0 end) = 1 as is_unavailable,
        {{ joined_texts('distinct missing', ',', 'missing') }} as missing
    from {{ ref('unavailable_measures') }}
    group by kpi_id, measure
)

select
    cast(measures.kpi_id as {{ dbt.type_string() }}) as kpi_id,
    cast(measures.measure as {{ dbt.type_string() }}) as measure,
    cast(measures.position as integer) as position,
    cast(measures.unit as {{ dbt.type_string() }}) as unit,
    cast(measures.basis as {{ dbt.type_string() }}) as basis,
    cast(measures.better as {{ dbt.type_string() }}) as better,
    measures.healthy_low,
    measures.healthy_high,
    cast(measures.low_is_exclusive as boolean) as low_is_exclusive,
    cast(measures.high_is_exclusive as boolean) as high_is_exclusive,
    cast(measures.healthy_grains as {{ dbt.type_string() }}) as healthy_grains,
    cast(measures.dimensions as {{ dbt.type_string() }}) as dimensions,
    cast(measures.needs as {{ dbt.type_string() }}) as needs,
    not coalesce(lacking.is_unavailable, false) as available,
    lacking.missing
from measures
left join lacking
    on measures.kpi_id = lacking.kpi_id
    and measures.measure = lacking.measure
