-- One row per usable row and key of it that points to no usable row, though its source system delivers what it should
-- point to. A deal's pipeline and stage are one key.
{% set links = [] -%}
{% for entity in used_entities() -%}
    {% for column, target in canonical_entity(entity).get('links', {}).items() -%}
        {% do links.append([entity, column, target, canonical_entity(target)['key'][0]]) -%}
    {% endfor -%}
{% endfor -%}
with delivered_entities as (
    select distinct
        source_system,
        entity
    from {{ ref('int_delivered_columns') }}
),

dangling as (
    {% for entity, column, target, target_key in links -%}
        select
            pointing.source_system,
            '{{ entity }}' as entity,
            pointing.row_key,
            '{{ column }}' as column_name,
            '{{ target }}' as target_entity
        from {{ kept(entity) }} as pointing
        inner join delivered_entities
            on pointing.source_system = delivered_entities.source_system
            and delivered_entities.entity = '{{ target }}'
        left join {{ kept(target) }} as pointed
            on pointing.source_system = pointed.source_system
            and pointing.{{ column }} = pointed.{{ target_key }}
        where pointing.{{ column }} is not null and pointed.row_key is null
        union all
    {% endfor -%}
    select
        deals.source_system,
        'deals' as entity,
        deals.row_key,
        'stage' as column_name,
        'stages' as target_entity
    from {{ kept('deals') }} as deals
    inner join delivered_entities
        on deals.source_system = delivered_entities.source_system
        and delivered_entities.entity = 'stages'
    left join {{ ref('int_stages') }} as stages
        on deals.source_system = stages.source_system
        and coalesce(deals.pipeline, 'default') = stages.pipeline
        and deals.stage = stages.stage_name
    where stages.stage is null
    union all
    select
        changes.source_system,
        'deal_stage_changes' as entity,
        changes.row_key,
        'stage' as column_name,
        'stages' as target_entity
    from {{ ref('int_deal_stage_changes') }} as changes
    inner join delivered_entities
        on changes.source_system = delivered_entities.source_system
        and delivered_entities.entity = 'stages'
    where changes.has_deal and not changes.has_stage
)

select
    cast(source_system as {{ dbt.type_string() }}) as source_system,
    cast(entity as {{ dbt.type_string() }}) as entity,
    cast(row_key as {{ dbt.type_string() }}) as row_key,
    cast(column_name as {{ dbt.type_string() }}) as column_name,
    cast(target_entity as {{ dbt.type_string() }}) as target_entity
from dangling
