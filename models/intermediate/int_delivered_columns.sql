-- One row per source system in use, canonical entity and canonical column that it delivers.
{% set delivered = ["('', null, null)"] -%}
{% if execute -%}
    {% for delivery in deliveries() if delivery.columns is not none -%}
        {% set start = literal(delivery.system) ~ ', ' ~ literal(delivery.entity) -%}
        {% for column in delivery.columns -%}
            {% do delivered.append('(' ~ start ~ ', ' ~ literal(column) ~ ')') -%}
        {% endfor -%}
    {% endfor -%}
{% endif -%}
-- Staging comes first, so that what is found here is what was read:
{% for system in setting('source_systems') -%}
    {% for entity in var('source_system_entities').get(system, []) -%}
    -- depends_on: {{ ref('stg_' ~ system ~ '__' ~ entity) }}
    {% endfor -%}
{% endfor -%}
select
    cast(source_system as {{ dbt.type_string() }}) as source_system,
    cast(entity as {{ dbt.type_string() }}) as entity,
    cast(column_name as {{ dbt.type_string() }}) as column_name
from (
    values {{ delivered | join(', ') }}
) as deliveries (source_system, entity, column_name)
where source_system <> ''
