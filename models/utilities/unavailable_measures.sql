-- One row per measure, or dimension of a measure, and entity or column that it needs and no source system delivers.
-- dimension is null where the measure itself is unavailable.
{% set requirements = catalog_requirements() if execute else [] -%}
with requirements as (
    {% for kpi_id, measure, dimension, need, is_of_delivered in requirements -%}
    select
        {{ literal(kpi_id) }} as kpi_id,
        {{ literal(measure) }} as measure,
        {{ literal(dimension) }} as dimension,
        {{ literal(need.split('.')[0]) }} as entity,
        {{ literal(need.split('.')[1] if '.' in need else none) }} as column_name,
        {{ literal(is_of_delivered) }} as is_of_delivered
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        null as kpi_id, null as measure, null as dimension, null as entity, null as column_name,
        false as is_of_delivered
    where 1 = 0
    {% endfor -%}
),

entities as (
    select distinct entity from {{ ref('int_delivered_columns') }}
),

columns as (
    select distinct
        entity,
        column_name
    from {{ ref('int_delivered_columns') }}
)

select distinct
    cast(requirements.kpi_id as {{ dbt.type_string() }}) as kpi_id,
    cast(requirements.measure as {{ dbt.type_string() }}) as measure,
    cast(requirements.dimension as {{ dbt.type_string() }}) as dimension,
    cast(case
        when entities.entity is null then requirements.entity
        else requirements.entity || '.' || requirements.column_name
    end as {{ dbt.type_string() }}) as missing
from requirements
left join entities
    on requirements.entity = entities.entity
left join columns
    on requirements.entity = columns.entity
    and requirements.column_name = columns.column_name
where
    (entities.entity is null and not requirements.is_of_delivered)
    or (entities.entity is not null and requirements.column_name is not null and columns.column_name is null)
