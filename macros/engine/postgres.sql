{#- How PostgreSQL spells what engines spell differently; engine.sql says what each gives. Before version 16 it cannot ask
    whether a text is a value, so a run first makes functions that can, in the target's schema. -#}

{% macro postgres__create_functions() %}
    {% set functions = [] %}
    {% for type in ['date', 'timestamp', 'timestamptz', 'double precision'] %}
        {% do functions.append(
            'create or replace function ' ~ postgres_function('try_' ~ type.replace(' ', '_')) ~ '(value text) returns '
            ~ type ~ ' language plpgsql stable as $$ begin return cast(value as ' ~ type
            ~ '); exception when others then return null; end $$'
        ) %}
    {% endfor %}
    {% do functions.append(
        'create or replace function ' ~ postgres_function('try_numeric') ~ '(value text, digits integer, decimals integer)'
        ~ ' returns numeric language plpgsql immutable as $$ declare number numeric;'
        ~ ' begin number := round(cast(value as numeric), decimals);'
        ~ ' return case when abs(number) < cast(10 as numeric) ^ (digits - decimals) then number end;'
        ~ ' exception when others then return null; end $$'
    ) %}
    {% do functions.append(
        'create or replace function ' ~ postgres_function('raise_error') ~ '(message text) returns text'
        ~ " language plpgsql volatile as $$ begin raise exception '%', message; end $$"
    ) %}
    {#- What the runner's queries find by the schema, beside the server's own, which takes decimals alone. -#}
    {% do functions.append(
        'create or replace function ' ~ postgres_function('round') ~ '(number double precision, decimals integer)'
        ~ ' returns double precision language sql immutable as'
        ~ ' $$ select cast(pg_catalog.round(cast(number as numeric), decimals) as double precision) $$'
    ) %}
    {% for aggregate, function in {'max': 'boolor_statefunc', 'min': 'booland_statefunc'}.items() %}
        {% do functions.append(
            'create or replace aggregate ' ~ postgres_function(aggregate) ~ '(boolean) (sfunc = pg_catalog.' ~ function
            ~ ', stype = boolean)'
        ) %}
    {% endfor %}
    {% do run_query(functions | join(';\n')) %}
{% endmacro %}

{% macro postgres_function(name) %}{% do return(adapter.quote(target.schema) ~ '.' ~ name) %}{% endmacro %}

{% macro postgres__matches(text, pattern) %}({{ text }} ~ '{{ pattern }}'){% endmacro %}

{% macro postgres__try_cast(text, type) -%}
    {%- if '(' in type -%}
        cast({{ postgres_function('try_numeric') }}({{ text }}, {{ type.split('(')[1].split(')')[0] }}) as {{ type }})
    {%- else -%}
        {{ postgres_function('try_' ~ type.replace(' ', '_')) }}({{ text }})
    {%- endif -%}
{%- endmacro %}

{% macro postgres__try_cast_zoned(text) %}timezone('UTC', {{ postgres_function('try_timestamptz') }}({{ text }})){% endmacro %}

{% macro postgres__whole_row(alias) %}cast(to_jsonb({{ alias }}) as text){% endmacro %}

{% macro postgres__row_fingerprint(row, columns) %}hashtextextended({{ row }}, 0){% endmacro %}

{% macro postgres__raise_in_sql(message, type) %}cast({{ postgres_function('raise_error') }}({{ message }}) as {{ type }}){% endmacro %}

{% macro postgres__weekday_number(day) %}cast(extract(isodow from {{ day }}) as integer){% endmacro %}

{#- Deliveries are tables here: see loaded.sql. -#}
{% macro postgres__existing_files(paths) %}{% do return(paths_with_tables(paths)) %}{% endmacro %}

{% macro postgres__file_header(path) %}{% do return(header_of_delivery(path)) %}{% endmacro %}

{% macro postgres__read_file(path, header) %}{{ delivery_table(path) }}{% endmacro %}

{% macro postgres__own_seed_rows(path) %}{% do return(loaded_seed_rows(path)) %}{% endmacro %}

{% macro postgres__remade_table(relation, sql) %}
    {% do return([
        'drop table if exists ' ~ relation ~ ' cascade', 'create table ' ~ relation ~ ' as ' ~ sql,
        postgres__analyzed(relation),
    ]) %}
{% endmacro %}

{#- Without statistics it takes joins of thousands of rows for joins of a few, row by row. -#}
{% macro postgres__analyzed(relation) %}analyze {{ relation }}{% endmacro %}

{#- It takes each part of a roll-up to be of one row, since it has no statistics of it, and so joins row by row: 42 seconds
    where hashing takes half a one. And it compiles the long statement to machine code first, which takes several times as long
    as running it: 30 seconds where there is no row at all. -#}
{% macro postgres__settings_of_rollup() %}set local enable_nestloop = off; set local jit = off;{% endmacro %}

{% macro postgres__indexed(relation, column) %}create index on {{ relation }} ({{ column }}){% endmacro %}
