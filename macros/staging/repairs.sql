{#- The rows of a relation that were repaired, one per row and rule: rules is a mapping of what was found and done, in words
    with the column first, to the condition under which it was. -#}
{% macro repairs_of(entity, relation, row_key, rules) -%}
    {% for rule, condition in rules.items() -%}
    select
        source_system,
        {{ literal(entity) }} as entity,
        {{ row_key }} as row_key,
        {{ literal(rule) }} as rule
    from {{ relation }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}
