{#- A table, made in its place by one statement. dbt's own way of making one on DuckDB builds it beside the old one, renames
    both, and plans the SQL twice to compare it with the contract: eight statements, and a quarter of a small company's run.
    Here the contract is held against the table itself. A run that fails is undone, and `kpi run` builds in a file of its
    own. -#}
{% materialization table, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if existing is not none and existing.type != 'table' %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% for sql in remade_table(table, compiled_code) %}
        {% call statement('main') %}{{ sql }}{% endcall %}
    {% endfor %}
    {% if config.get('contract').enforced %}{{ get_assert_columns_equivalent('select * from ' ~ table) }}{% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(table, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
