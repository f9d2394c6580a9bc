{#- A table, made in its place by one statement. dbt's own way of making one on DuckDB builds it beside the old one, renames
    both, and plans the SQL twice to compare it with the contract: eight statements, and a quarter of a small company's run.
    Here the contract is held against the table itself. A run that fails is undone, and `kpi run` builds in a file of its
    own. -#}
{% materialization table, adapter='duckdb' %}
    {%- set table = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do make_table(table, compiled_code) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(table, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}
