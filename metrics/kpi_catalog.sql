-- One row per KPI: title, question and unit, healthy range, dimensions, and whether the delivered data can give it.
-- The fields that measures differ in are those of the primary measure; kpi_measures has them all.
{{ config(materialized='table') }}
{% set nodes = kpi_nodes() if execute else [] -%}
with kpis as (
    {% for node in nodes -%}
    {%- set meta = node.config.meta -%}
    select
        {{ literal(node.name) }} as kpi_id,
        {{ literal(meta.get('number')) }} as number,
        {{ literal(meta.get('title')) }} as title,
        {{ literal(node.fqn[1]) }} as theme,
        {{ literal(meta.get('question')) }} as question,
        {{ literal(node.description) }} as description,
        {{ literal(meta.spec.dimensions) }} as dimensions,
        {{ literal(stated_charts(node)) }} as charts,
        {{ literal(tojson(dict(meta.spec, grid=grid_of_kpi(node.name, meta.spec)))) }} as definition
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        null as kpi_id, null as number, null as title, null as theme, null as question, null as description,
        null as dimensions, null as charts, null as definition
    where 1 = 0
    {% endfor -%}
)

select
    cast(kpis.kpi_id as {{ dbt.type_string() }}) as kpi_id,
    cast(kpis.number as integer) as number,
    cast(kpis.title as {{ dbt.type_string() }}) as title,
    cast(kpis.theme as {{ dbt.type_string() }}) as theme,
    cast(kpis.question as {{ dbt.type_string() }}) as question,
    cast(kpis.description as {{ dbt.type_string() }}) as description,
    primary_measures.basis,
    primary_measures.unit,
    primary_measures.better,
    primary_measures.healthy_low,
    primary_measures.healthy_high,
    cast(kpis.dimensions as {{ dbt.type_string() }}) as dimensions,
    primary_measures.needs,
    primary_measures.available,
    primary_measures.missing,
    cast(kpis.charts as {{ dbt.type_string() }}) as charts,
    cast(kpis.definition as {{ dbt.type_string() }}) as definition
from kpis
inner join {{ ref('kpi_measures') }} as primary_measures
    on kpis.kpi_id = primary_measures.kpi_id
    and primary_measures.position = 1
