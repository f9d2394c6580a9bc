-- One row per measure, or dimension of a measure, and need that no source system meets: an entity, a column, or several
-- of them of which one would do. dimension is null where the measure itself is unavailable. A need with a ? is met
-- where its entity is not delivered.
{% set requirements = catalog_requirements() if execute else [] -%}
with requirements as (
    select
        kpi_id,
        measure,
        dimension,
        need,
        place,
        entity,
        column_name,
        is_of_delivered
    from (
        values {{ requirement_tuples(requirements) | join(', ') }}
    ) as listed (kpi_id, measure, dimension, need, place, entity, column_name, is_of_delivered)
    where kpi_id is not null
),

entities as (
    select distinct entity from {{ ref('int_delivered_columns') }}
),

columns as (
    select distinct
        entity,
        column_name
    from {{ ref('int_delivered_columns') }}
),

looked_up as (
    select
        requirements.*,
        case
            when entities.entity is null then requirements.is_of_delivered
            else requirements.column_name is null or columns.column_name is not null
        end as is_met,
        case
            when entities.entity is null or requirements.column_name is null then requirements.entity
            else requirements.entity || '.' || requirements.column_name
        end as missing
    from requirements
    left join entities
        on requirements.entity = entities.entity
    left join columns
        on requirements.entity = columns.entity
        and requirements.column_name = columns.column_name
),

-- Several columns of an entity that is not delivered lack one thing.
lacking as (
    select
        kpi_id,
        measure,
        dimension,
        need,
        missing,
        min(place) as place,
        max(case when is_met then 1 else 0 end) as is_met
    from looked_up
    group by kpi_id, measure, dimension, need, missing
),

unmet as (
    select
        kpi_id,
        measure,
        dimension,
        need,
        {{ joined_texts('missing', ' or ', 'place') }} as missing
    from lacking
    group by kpi_id, measure, dimension, need
    having max(is_met) = 0
)

select distinct
    cast(kpi_id as {{ dbt.type_string() }}) as kpi_id,
    cast(measure as {{ dbt.type_string() }}) as measure,
    cast(dimension as {{ dbt.type_string() }}) as dimension,
    cast(missing as {{ dbt.type_string() }}) as missing
from unmet
