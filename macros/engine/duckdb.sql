{#- How DuckDB spells what engines spell differently, and makes its tables; engine.sql says what each gives. -#}

{#- As it is: JSON is made where it is asked for, not of every row, which took half of the time of loading one. -#}
{% macro duckdb__whole_row(alias) %}{{ alias }}{% endmacro %}

{% macro duckdb__json_of_row(row) %}cast(to_json({{ row }}) as varchar){% endmacro %}

{#- Of a text with every value in it, a quicker one to make than JSON. -#}
{% macro duckdb__row_fingerprint(row, columns) -%}
    cast(md5_number_lower(concat_ws(chr(31), {{ text_literal(columns | join(' ')) }}
        {%- for column in columns %}, coalesce(cast({{ column }} as varchar), chr(30)){% endfor -%}
    )) // 2 as bigint)
{%- endmacro %}

{% macro duckdb__row_hash(columns) %}cast({{ content_hash(columns) }} >> 1 as bigint){% endmacro %}

{% macro duckdb__finds_rows_again() %}{% do return(true) %}{% endmacro %}


{#- Whatever their kind, rows are dated by one of three days. -#}
{% macro duckdb__make_rows(rows, sql) %}
    {% set days = [] %}
    {% for kind in model.config.meta.spec['row_kinds'] %}{% do days.append(day_of_kind(kind)) %}{% endfor %}
    {% set is_taken_in = take_in(rows, sql, 'days', 'coalesce(' ~ days | join(', ') ~ ')') %}
    {% if not is_taken_in %}{% do default__make_rows(rows, sql) %}{% endif %}
    {% do note_down(rows, sql, 'days', is_taken_in) %}
{% endmacro %}


{#- A table, made in its place by one statement. dbt's own way of making one on DuckDB builds it beside the old one, renames
    both, and plans the SQL twice to compare it with the contract: eight statements, and a quarter of a small company's run.
    Here the contract is held against the table itself. A run that fails is undone, and `kpi run` builds in a file of its
    own. Some tables take in just what is new. -#}
{% materialization table, adapter='duckdb' %}
    {%- set table = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do make_or_take_in(table, compiled_code) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(table, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
