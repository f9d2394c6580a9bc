-- One row per canonical entity: what became of its delivered rows. delivered = in_mart + rejected + merged.
with counted as (
    {% for entity in used_entities() -%}
        select
            cast('{{ entity }}' as {{ dbt.type_string() }}) as entity,
            judged.delivered,
            (select count(*) from {{ ref(mart_of(entity)) }}) as in_mart,
            judged.rejected,
            judged.merged
        from (
            select
                count(*) as delivered,
                count(case when fate = 'rejected' then 1 end) as rejected,
                count(case when fate = 'merged' then 1 end) as merged
            from {{ ref('int_' ~ entity ~ '__judged') }}
        ) as judged
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
    counted.entity,
    counted.delivered,
    counted.in_mart,
    counted.rejected,
    counted.merged,
    coalesce(repaired.repairs, 0) as repairs
from counted
left join repaired
    on counted.entity = repaired.entity
