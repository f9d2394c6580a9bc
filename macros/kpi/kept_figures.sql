{#- What a KPI takes over from the run before, whose figures the run that builds has found fit for it: same code, same
    settings (see kpi_runner/build.py). Nothing, where the var `figures_before` names none, or that run did not build the KPI.
    Makes the tables of touched periods that tell these from those to be made. Returns `sql` for the figures that stay;
    `are_all`, whether no period is touched; `relations`, those that the roll-up reads in place of others, so that it makes
    touched periods alone; and the statements that come `after` it, which drop these tables. -#}
{% macro kept_figures(rows) %}
    {%- set before = relations_of_run_before(rows) -%}
    {%- if not before %}{% do return({'sql': none, 'are_all': false, 'relations': {}, 'after': []}) %}{% endif -%}
    {%- set now = {
        'rows': rows, 'periods': ref('periods'), 'windows': ref('compared_periods'), 'unavailable': ref('unavailable_measures'),
    } -%}
    {%- set touched = table_of_kpi('touched') -%}
    {%- set marks = adapter.get_columns_in_relation(now.periods) | map(attribute='name')
        | reject('in', ['grain', 'period_start', 'period_end', 'is_asked']) | list -%}
    {%- set columns = adapter.get_columns_in_relation(rows) | map(attribute='name') | list -%}
    {%- set spec = model.config.meta.spec -%}
    {%- set made = {touched: touched_periods(model.name, spec, now, before, columns, marks)} -%}
    {%- set relations = {} -%}
    {%- for name in ['periods', 'windows'] -%}
        {%- set part = table_of_kpi('touched_' ~ name) -%}
        {%- do made.update({part: of_touched_periods(now[name], touched)}) -%}
        {%- do relations.update({now[name] | string: part | string}) -%}
    {%- endfor -%}
    {%- set after = [] -%}
    {%- for relation, sql in made.items() -%}
        {%- for statement_sql in remade_table(relation, sql) -%}
            {% call statement('step') %}{{ statement_sql }}{% endcall %}
        {%- endfor -%}
        {%- do after.append('drop table ' ~ relation) -%}
    {%- endfor -%}
    {% do return({
        'sql': figures_taken_over(model.name, before.figures, touched, figure_columns().keys()),
        'are_all': run_query('select count(*) from ' ~ touched).columns[0].values()[0] == 0,
        'relations': relations, 'after': after,
    }) %}
{% endmacro %}


{#- What figures were made of in the run before, and these: relations by name; none where one is not there, or the KPI's rows
    had other columns. -#}
{% macro relations_of_run_before(rows) %}
    {% set place = var('figures_before', none) %}
    {% if not place %}{% do return(none) %}{% endif %}
    {% set found = {} %}
    {% for name, identifier in {
        'rows': rows.identifier, 'periods': 'periods', 'windows': 'compared_periods',
        'unavailable': 'unavailable_measures', 'figures': figures_relation().identifier,
    }.items() %}
        {% do found.update({name: adapter.get_relation(place.database or target_database(), place.schema, identifier)}) %}
    {% endfor %}
    {% set are_alike = none not in found.values() and columns_with_types(found.rows) == columns_with_types(rows) %}
    {% do return(found if are_alike else none) %}
{% endmacro %}


{#- The columns of a relation with their types. -#}
{% macro columns_with_types(relation) %}
    {% set columns = {} %}
    {% for column in adapter.get_columns_in_relation(relation) %}{% do columns.update({column.name: column.data_type}) %}{% endfor %}
    {% do return(columns) %}
{% endmacro %}


{#- SQL that reads some relations in place of others, all of which it must read: else it would make what is taken over. -#}
{% macro in_place(sql, relations) %}
    {% set text = namespace(sql=sql) %}
    {% for relation, other in relations.items() %}
        {% if relation not in text.sql %}
            {% do exceptions.raise_compiler_error('The roll-up of ' ~ model.name ~ ' does not read ' ~ relation ~ '.') %}
        {% endif %}
        {% set text.sql = text.sql | replace(relation, other) %}
    {% endfor %}
    {% do return(text.sql) %}
{% endmacro %}


{#- Before a build: makes the figures of the run before readable to it, where they lie in another file. -#}
{% macro attach_figures_before() %}
    {% set place = var('figures_before', none) %}
    {% if execute and place and place.file %}
        {% do run_query('attach if not exists ' ~ text_literal(place.file) ~ ' as ' ~ place.database ~ ' (read_only)') %}
    {% endif %}
{% endmacro %}


{#- Before a build by dbt alone in the place of figures that are there: they are no longer those of the run that has said of
    which code and settings they are, so nothing takes them over, and nobody publishes them as such. -#}
{% macro forget_run_version() %}
    {% if execute and flags.WHICH in ['run', 'build', 'seed'] %}
        {% set version = adapter.get_relation(target_database(), target.schema, 'run_version') %}
        {% if version %}{% do adapter.drop_relation(version) %}{% endif %}
    {% endif %}
{% endmacro %}
