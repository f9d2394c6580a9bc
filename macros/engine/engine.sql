{#- What engines spell differently, one macro each. Add an engine by adding <engine>__<macro>. -#}

{#- True where a text matches a regular expression. -#}
{% macro matches(text, pattern) %}{{ adapter.dispatch('matches', 'sales_kpis')(text, pattern) }}{% endmacro %}

{% macro default__matches(text, pattern) %}regexp_matches({{ text }}, '{{ pattern }}'){% endmacro %}


{#- A text as a value of a type, null where it is none. -#}
{% macro try_cast(text, type) %}{{ adapter.dispatch('try_cast', 'sales_kpis')(text, type) }}{% endmacro %}

{% macro default__try_cast(text, type) %}try_cast({{ text }} as {{ type }}){% endmacro %}


{#- A text with a zone as a UTC timestamp without one, null where it is none. -#}
{% macro try_cast_zoned(text) %}{{ adapter.dispatch('try_cast_zoned', 'sales_kpis')(text) }}{% endmacro %}

{% macro default__try_cast_zoned(text) %}timezone('UTC', try_cast({{ text }} as timestamp with time zone)){% endmacro %}


{#- A local wall-clock timestamp of the reporting zone as UTC. -#}
{% macro to_utc(local_timestamp) %}
    {%- if setting('timezone') == 'UTC' -%}
        {{ local_timestamp }}
    {%- else -%}
        {{ adapter.dispatch('to_utc', 'sales_kpis')(local_timestamp) }}
    {%- endif -%}
{% endmacro %}

{% macro default__to_utc(local_timestamp) -%}
    timezone('UTC', timezone('{{ setting("timezone") }}', {{ local_timestamp }}))
{%- endmacro %}


{#- A UTC timestamp as local wall-clock time of the reporting zone. -#}
{% macro to_local(utc_timestamp) %}
    {%- if setting('timezone') == 'UTC' -%}
        {{ utc_timestamp }}
    {%- else -%}
        {{ adapter.dispatch('to_local', 'sales_kpis')(utc_timestamp) }}
    {%- endif -%}
{% endmacro %}

{% macro default__to_local(utc_timestamp) -%}
    timezone('{{ setting("timezone") }}', timezone('UTC', {{ utc_timestamp }}))
{%- endmacro %}


{#- A row of a relation as one value, of which json_of_row() makes JSON; takes the alias under which the relation is read. -#}
{% macro whole_row(alias) %}{{ adapter.dispatch('whole_row', 'sales_kpis')(alias) }}{% endmacro %}


{#- What whole_row() gave as JSON text. -#}
{% macro json_of_row(row) %}{{ adapter.dispatch('json_of_row', 'sales_kpis')(row) }}{% endmacro %}

{% macro default__json_of_row(row) %}{{ row }}{% endmacro %}


{#- A whole number that stands for what the columns of a row say, in every version of the engine: `row` is what whole_row()
    gave of it, and `columns` are its columns as expressions. -#}
{% macro row_fingerprint(row, columns) %}{{ adapter.dispatch('row_fingerprint', 'sales_kpis')(row, columns) }}{% endmacro %}


{#- A whole number by which a row of a delivered file is found when the file is read again, of its columns as expressions: quick
    to make, and another one in another version of the engine. Null where the engine does not find rows so. -#}
{% macro row_hash(columns) %}{{ adapter.dispatch('row_hash', 'sales_kpis')(columns) }}{% endmacro %}

{% macro default__row_hash(columns) %}cast(null as bigint){% endmacro %}


{#- Whether it does. -#}
{% macro finds_rows_again() %}{% do return(adapter.dispatch('finds_rows_again', 'sales_kpis')()) %}{% endmacro %}

{% macro default__finds_rows_again() %}{% do return(false) %}{% endmacro %}


{#- Stops the query with a message; typed, so that it can stand in a case expression. -#}
{% macro raise_in_sql(message, type) %}{{ adapter.dispatch('raise_in_sql', 'sales_kpis')(message, type) }}{% endmacro %}

{% macro default__raise_in_sql(message, type) %}cast(error({{ message }}) as {{ type }}){% endmacro %}


{#- Whole numbers from 0 to 10^digits - 1, a row each, in the column `number`: engines differ in how they count. -#}
{% macro whole_numbers(digits) -%}
    select
        {% for place in range(digits) -%}
        {{ 10 ** place }} * digit_{{ place }}.digit{{ ' +' if not loop.last }}
        {% endfor -%}
        as number
    from
    {%- for place in range(digits) %}
        {{ 'cross join ' if not loop.first }}(
            {%- for digit in range(10) %}select {{ digit }}{{ ' as digit' if loop.first }}{{ ' union all ' if not loop.last }}{% endfor -%}
        ) as digit_{{ place }}
    {%- endfor %}
{%- endmacro %}


{#- A column of consecutive dates, both ends included; at most a million. -#}
{% macro generate_days(first_day, last_day) %}{{ adapter.dispatch('generate_days', 'sales_kpis')(first_day, last_day) }}{% endmacro %}

{% macro default__generate_days(first_day, last_day) -%}
    select {{ shifted_days(first_day, 'number') }} as date_day
    from (
        {{ whole_numbers(6) }}
    ) as numbers
    where number <= {{ dbt.datediff(first_day, last_day, 'day') }}
{%- endmacro %}


{#- Those paths of a list, not an empty one, at which there is a file. -#}
{% macro existing_files(paths) %}{{ return(adapter.dispatch('existing_files', 'sales_kpis')(paths)) }}{% endmacro %}

{#- One query for all of them: dbt takes longer to ask than DuckDB to answer. -#}
{% macro default__existing_files(paths) %}
    {% set looks = [] %}
    {% for path in paths %}
        {% do looks.append('select ' ~ loop.index0 ~ ' as place from glob(' ~ path_literal(path) ~ ')') %}
    {% endfor %}
    {% set places = run_query(looks | join(' union all ')).columns[0].values() %}
    {% set found = [] %}
    {% for place in places | sort %}{% do found.append(paths[place]) %}{% endfor %}
    {% do return(found) %}
{% endmacro %}


{#- The column names of a CSV or Parquet file in lower case; an empty list for one of no bytes, or of blank lines alone. -#}
{% macro file_header(path) %}{{ return(adapter.dispatch('file_header', 'sales_kpis')(path)) }}{% endmacro %}

{% macro default__file_header(path) %}
    {% if path.endswith('.parquet') %}
        {#- Of letters of ASCII alone, which is as far as DuckDB takes no notice of case in a name. -#}
        {% set lower_case %}translate(column_name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'){% endset %}
        {% set described = run_query(
            "select " ~ lower_case ~ " from (describe select * from read_parquet(" ~ path_literal(path) ~ "))"
        ) %}
        {% do return(described.columns[0].values() | list) %}
    {% endif %}
    {% set header = run_query('select line from ' ~ lines_of(path) ~ ' limit 1') %}
    {% set names = [] %}
    {% set line = (header.rows[0][0] or '').strip() if header.rows else '' %}
    {% if line or is_more_than_blank(path) %}
        {#- A name in quotes may hold a comma. -#}
        {% for field in modules.re.findall('("(?:[^"]|"")*"[^,]*|[^,]*)(?:,|$)', line ~ ',') %}
            {% set name = field.strip() %}
            {% set in_quotes = name | length > 1 and name.startswith('"') and name.endswith('"') %}
            {% set name = name[1:-1].replace('""', '"') if in_quotes else name %}
            {% do names.append(name.strip().lower()) if not loop.last %}
        {% endfor %}
    {% endif %}
    {% do return(names) %}
{% endmacro %}


{#- The lines of a CSV file as a table expression: `line`. The dialect is never guessed: a guess may take a row for the header
    and drop what is above. -#}
{% macro lines_of(path) -%}
    read_csv({{ path_literal(path) }}, auto_detect = false, header = false, columns = {'line': 'varchar'}, delim = chr(31), quote = '', escape = '', strict_mode = false)
{%- endmacro %}

{#- Whether a CSV file has a line that says anything. -#}
{% macro is_more_than_blank(path) %}
    {% do return(run_query('select 1 from ' ~ lines_of(path) ~ " where trim(line) <> '' limit 1").rows | length > 0) %}
{% endmacro %}


{#- A table expression over a CSV or Parquet file with the given header; every CSV column is text. -#}
{% macro read_file(path, header) %}{{ adapter.dispatch('read_file', 'sales_kpis')(path, header) }}{% endmacro %}

{% macro default__read_file(path, header) -%}
    {%- if path.endswith('.parquet') -%}
        read_parquet({{ path_literal(path) }})
    {%- else -%}
        read_csv({{ path_literal(path) }}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', columns = {
            {%- for name in distinct_names(header) %}{{ text_literal(name) }}: 'varchar'{{ ', ' if not loop.last }}{% endfor -%}
        })
    {%- endif -%}
{%- endmacro %}


{#- The names of a header such that each is one, and another: what is empty or repeated gets its place in the file, as often
    as it takes to be told from all others. -#}
{% macro distinct_names(header) %}
    {% set names = [] %}
    {% for name in header %}
        {% set own = namespace(name=name) %}
        {% set place = '_' ~ loop.index %}
        {% for _ in header %}
            {% if not own.name or own.name in names or (own.name != name and own.name in header) %}
                {% set own.name = own.name ~ place %}
            {% endif %}
        {% endfor %}
        {% do names.append(own.name) %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}


{#- A path as a SQL literal that names this file and no other: its wildcards stand for themselves. -#}
{% macro path_literal(path) %}
    {% do return(text_literal(path.replace('[', '[[]').replace('*', '[*]').replace('?', '[?]'))) %}
{% endmacro %}


{#- A column's name as it may stand in SQL, whatever is in it. -#}
{% macro quoted_name(name) %}
    {% set mark = adapter.quote('')[0] %}
    {% do return(adapter.quote(name.replace(mark, mark ~ mark))) %}
{% endmacro %}


{#- A text as a SQL literal. -#}
{% macro text_literal(text) %}{{ return(adapter.dispatch('text_literal', 'sales_kpis')(text | string)) }}{% endmacro %}

{% macro default__text_literal(text) %}{{ return("'" ~ text.replace("'", "''") ~ "'") }}{% endmacro %}


{#- The ISO number of a date's weekday: 1 for Monday to 7 for Sunday. -#}
{% macro weekday_number(day) %}{{ adapter.dispatch('weekday_number', 'sales_kpis')(day) }}{% endmacro %}

{% macro default__weekday_number(day) %}isodow({{ day }}){% endmacro %}


{#- The texts of a group in an order, joined by a separator; no text or order is null. -#}
{% macro joined_texts(text, separator, order) %}{{ adapter.dispatch('joined_texts', 'sales_kpis')(text, separator, order) }}{% endmacro %}

{% macro default__joined_texts(text, separator, order) %}string_agg({{ text }}, '{{ separator }}' order by {{ order }} nulls first){% endmacro %}


{#- The part of a text between separators at a place, counted from 1. -#}
{% macro part_of_text(text, separator, place) %}{{ adapter.dispatch('part_of_text', 'sales_kpis')(text, separator, place) }}{% endmacro %}

{% macro default__part_of_text(text, separator, place) %}split_part({{ text }}, '{{ separator }}', {{ place }}){% endmacro %}


{#- The database of the target; none where the engine has but schemas. -#}
{% macro target_database() %}{% do return(target.database | default(none)) %}{% endmacro %}


{#- The statements that make a table anew from a query, in place of one that may be there. -#}
{% macro remade_table(relation, sql) %}{% do return(adapter.dispatch('remade_table', 'sales_kpis')(relation, sql)) %}{% endmacro %}

{% macro default__remade_table(relation, sql) %}{% do return(['create or replace table ' ~ relation ~ ' as ' ~ sql]) %}{% endmacro %}


{#- Makes the table of a model from its SQL, which is planned once: the model's contract is held against the table. -#}
{% macro make_table(table, sql) %}
    {% set existing = load_cached_relation(table) %}
    {% if existing is not none and existing.type != 'table' %}{% do adapter.drop_relation(existing) %}{% endif %}
    {% for statement_sql in remade_table(table, sql) %}
        {% call statement('main') %}{{ statement_sql }}{% endcall %}
    {% endfor %}
    {% if config.get('contract').enforced %}{% do get_assert_columns_equivalent('select * from ' ~ table) %}{% endif %}
{% endmacro %}


{#- Tables whose rows are replaced by a key, a text: each model that is built puts its own in, and the others stay.
    `columns` are names with their types. -#}
{% macro keyed_table(relation, columns, key) %}{{ adapter.dispatch('keyed_table', 'sales_kpis')(relation, columns, key) }}{% endmacro %}

{% macro default__keyed_table(relation, columns, key) -%}
    create table if not exists {{ relation }} ({{ columns.items() | map('join', ' ') | join(', ') }})
{%- endmacro %}


{#- Takes the rows of some keys out of such a table. -#}
{% macro take_out(relation, key, values) %}
    {% if values %}{% do adapter.dispatch('take_out', 'sales_kpis')(relation, key, values) %}{% endif %}
{% endmacro %}

{% macro default__take_out(relation, key, values) %}
    {% do run_query('delete from ' ~ relation ~ ' where ' ~ key ~ " in ('" ~ values | join("', '") ~ "')") %}
{% endmacro %}


{#- What a statement begins with that puts rows into such a table, of keys that were taken out before. -#}
{% macro put_into(relation, columns) -%}
    {{ adapter.dispatch('put_into', 'sales_kpis')(relation) }} ({{ columns | join(', ') }})
{%- endmacro %}

{% macro default__put_into(relation) %}insert into {{ relation }}{% endmacro %}


{#- Before a build: functions that an engine lacks; most lack none. -#}
{% macro create_functions() %}
    {% if execute %}{% do adapter.dispatch('create_functions', 'sales_kpis')() %}{% endif %}
{% endmacro %}

{% macro default__create_functions() %}{% endmacro %}


{#- What stands before a statement that rolls up: settings of the engine for it alone. -#}
{% macro settings_of_rollup() %}{{ adapter.dispatch('settings_of_rollup', 'sales_kpis')() }}{% endmacro %}

{% macro default__settings_of_rollup() %}{% endmacro %}


{#- The roll-up of a KPI, SQL, taken apart as the engine does it best: statements that come `before` it, its own `sql`, and
    those that come `after` it. What is marked off as of the kind that the engine makes first is a table, dropped at the end. -#}
{% macro steps_of_rollup(sql, kpi_id) %}
    {% set begins, ends = mark_begins(kind_made_first()), mark_ends(kind_made_first()) %}
    {% set before, after = [], [] %}
    {% set text = namespace(sql=sql.split(begins)[0]) %}
    {% for piece in sql.split(begins)[1:] %}
        {% set step, rest = piece.split(ends) %}
        {% set name = step.split(' as (')[0] %}
        {% set kept = target.schema ~ '.' ~ kpi_id ~ '__' ~ name %}
        {% do before.extend(remade_table(kept, text.sql ~ step.rstrip().rstrip(',') ~ ' select * from ' ~ name)) %}
        {% do after.append('drop table if exists ' ~ kept) %}
        {% set text.sql = text.sql ~ name ~ ' as (select * from ' ~ kept ~ '),' ~ rest %}
    {% endfor %}
    {% do return({'before': before, 'sql': text.sql, 'after': after}) %}
{% endmacro %}


{#- After a table is made whose rows are found by ranges of a column: what the engine needs to find them. -#}
{% macro indexed(relation, column) %}{{ adapter.dispatch('indexed', 'sales_kpis')(relation, column) }}{% endmacro %}

{% macro default__indexed(relation, column) %}{% endmacro %}


{#- After a table is made: has the engine look at how its rows lie, where it does not do so by itself. -#}
{% macro analyzed(relation) %}{{ adapter.dispatch('analyzed', 'sales_kpis')(relation) }}{% endmacro %}

{% macro default__analyzed(relation) %}{% endmacro %}


{#- Before a build makes anything: takes out of the target's schema views that are not of builds there. None are elsewhere. -#}
{% macro take_views_out() %}{% do adapter.dispatch('take_views_out', 'sales_kpis')() %}{% endmacro %}

{% macro default__take_views_out() %}{% endmacro %}
