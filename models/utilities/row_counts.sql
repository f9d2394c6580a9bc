-- One row per canonical entity: what became of its delivered rows. delivered = in_mart + rejected + merged.
with judged as (
    {% for entity in used_entities() -%}
        select
            '{{ entity }}' as entity,
            fate
        from {{ ref('int_' ~ entity ~ '__judged') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

counted as (
    select
        entity,
        count(*) as delivered,
        sum(case when fate = 'rejected' then 1 else 0 end) as rejected,
        sum(case when fate = 'merged' then 1 else 0 end) as merged
    from judged
    group by entity
),

marts as (
    {% for entity in used_entities() -%}
        select
            '{{ entity }}' as entity,
            count(*) as in_mart
        from {{ ref(mart_of(entity)) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

repaired as (
    select
        entity,
        count(*) as repairs
    from {{ ref('repaired_rows') }}
    group by entity
)

select
    cast(marts.entity as {{ dbt.type_string() }}) as entity,
    cast(coalesce(counted.delivered, 0) as bigint) as delivered,
    cast(marts.in_mart as bigint) as in_mart,
    cast(coalesce(counted.rejected, 0) as bigint) as rejected,
    cast(coalesce(counted.merged, 0) as bigint) as merged,
    cast(coalesce(repaired.repairs, 0) as bigint) as repairs
from marts
left join counted
    on marts.entity = counted.entity
left join repaired
    on marts.entity = repaired.entity
