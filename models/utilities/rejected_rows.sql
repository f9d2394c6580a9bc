-- One row per delivered row that could not be used, with the rule it broke and the row itself.
{% for entity in used_entities() -%}
    select
        source_system,
        cast('{{ entity }}' as {{ dbt.type_string() }}) as entity,
        row_key,
        rejected_rule as rule,
        row_json
    from {{ ref('int_' ~ entity ~ '__judged') }}
    where fate = 'rejected'
    {{ 'union all' if not loop.last }}
{% endfor %}
