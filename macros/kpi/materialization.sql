{#- How a KPI is kept: its rows as a table <kpi>__rows (what queries and drills read), its figures in the one table
    kpi_figures (so that kpi_values need not name the KPIs), and a view <kpi> over its own figures of the asked periods.
    Figures that the delivered data cannot give (unavailable_measures) are left out. -#}
{% materialization kpi, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set view = this.incorporate(type='view') -%}
    {%- set rows = table_of_kpi('rows') -%}
    {%- set figures = figures_relation() -%}
    {%- set unavailable = ref('unavailable_measures') -%}
    {%- set view_sql -%}
        select {{ figure_columns().keys() | join(', ') }}
        from {{ figures }}
        where is_asked and kpi_id = '{{ model.name }}'
    {%- endset -%}
    {%- set before_rows, rest = compiled_code.split(rows_begin()) -%}
    {%- set rows_sql, after_rows = rest.split(rows_end()) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if existing is not none and existing.type != 'view' %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% do make_rows(rows, rows_sql) %}
    {% do take_out(figures, 'kpi_id', [model.name]) %}
    {% set kept = kept_figures(rows) %}
    {% if kept.are_all %}
        {% set rolled_up = {'before': [], 'sql': none, 'after': []} %}
    {% else %}
        {% set whole = before_rows ~ ' select * from ' ~ rows ~ ' ' ~ after_rows %}
        {% set rolled_up = steps_of_rollup(in_place(whole, kept.relations), model.name) %}
    {% endif %}
    {% for sql in rolled_up.before %}
        {% call statement('step') %}{{ sql }}{% endcall %}
    {% endfor %}
    {% if config.get('contract').enforced %}{{ get_assert_columns_equivalent(view_sql) }}{% endif %}
    {% call statement('main') %}
        {{ settings_of_rollup() }}
        {{ put_into(figures, stored_columns().keys()) }}
        select
            {{ listed(figure_columns().keys(), 'figures.') }}
            periods.is_asked
        from (
            {{ [rolled_up.sql, kept.sql] | select | join(' union all ') }}
        ) as figures
        inner join {{ ref('periods') }} as periods
            on {{ same_period('figures', 'periods') }}
        where not exists (
            select 1
            from {{ unavailable }} as unavailable
            where
                unavailable.kpi_id = figures.kpi_id
                and unavailable.measure = figures.measure
                and (unavailable.dimension is null or unavailable.dimension = figures.dimension)
        )
    {% endcall %}
    {% for sql in rolled_up.after + kept.after %}
        {% call statement('step') %}{{ sql }}{% endcall %}
    {% endfor %}
    {% call statement('view') %}create or replace view {{ view }} as {{ view_sql }}{% endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(view, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [view, rows]}) }}
{% endmaterialization %}


{#- Makes the table of the KPI's rows. -#}
{% macro make_rows(rows, sql) %}{% do adapter.dispatch('make_rows', 'sales_kpis')(rows, sql) %}{% endmacro %}

{% macro default__make_rows(rows, sql) %}
    {% for statement_sql in remade_table(rows, sql) %}
        {% call statement('rows') %}{{ statement_sql }}{% endcall %}
    {% endfor %}
{% endmacro %}


{#- A table of the KPI that is built, beside its view: its rows, or one that is there while it is built. -#}
{% macro table_of_kpi(name) %}
    {% do return(api.Relation.create(
        database=this.database, schema=this.schema, identifier=this.identifier ~ '__' ~ name, type='table'
    )) %}
{% endmacro %}


{#- The table that holds the figures of all KPIs. -#}
{% macro figures_relation() %}
    {% do return(api.Relation.create(
        database=target_database(), schema=target.schema, identifier='kpi_figures', type='table'
    )) %}
{% endmacro %}


{#- Its columns with their types: those of the figures, and whether their period was asked for. -#}
{% macro stored_columns() %}
    {% set columns = {'is_asked': 'boolean'} %}
    {% do return(dict(figure_columns(), **columns)) %}
{% endmacro %}


{#- Before a build: makes the table of figures, and takes out those of KPIs that are no longer there. A table of other
    columns is one of an earlier version: its figures are made anew. -#}
{% macro create_kpi_figures() %}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% do take_views_out() %}
        {% set figures = figures_relation() %}
        {% do adapter.create_schema(api.Relation.create(database=target_database(), schema=target.schema)) %}
        {% set existing = adapter.get_relation(figures.database, figures.schema, figures.identifier) %}
        {% if existing and adapter.get_columns_in_relation(existing) | map(attribute='name') | sort != stored_columns().keys() | sort %}
            {% do adapter.drop_relation(existing) %}
        {% endif %}
        {% do run_query(keyed_table(figures, stored_columns(), 'kpi_id')) %}
        {% set kpis = kpi_nodes() | map(attribute='name') | list %}
        {% set built = run_query('select distinct kpi_id from ' ~ figures).columns[0].values() %}
        {% do take_out(figures, 'kpi_id', built | reject('in', kpis) | list) %}
    {% endif %}
{% endmacro %}


{#- The KPI models of the project, by name. -#}
{% macro kpi_nodes() %}
    {% set found = [] %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'kpi' %}
        {% do found.append(node) %}
    {% endfor %}
    {% do return(found | sort(attribute='name')) %}
{% endmacro %}
