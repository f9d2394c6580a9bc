{#- How Spark spells what engines spell differently; engine.sql says what each gives. Tables are Parquet files, which are
    replaced whole or by partition. Timestamps are instants there, and read in the session's zone: that is UTC, so that they
    are what other engines have without one. -#}

{% macro spark__matches(text, pattern) %}regexp_like({{ text }}, '{{ pattern }}'){% endmacro %}

{#- Hours and minutes alone are no time with a zone there. -#}
{% macro spark__try_cast_zoned(text) -%}
    try_cast(regexp_replace({{ text }}, '^(.{10}[T ][0-9]{2}:[0-9]{2})(Z|[+-])', '$1:00$2') as timestamp)
{%- endmacro %}

{% macro spark__to_utc(local_timestamp) %}to_utc_timestamp({{ local_timestamp }}, '{{ setting("timezone") }}'){% endmacro %}

{% macro spark__to_local(utc_timestamp) %}from_utc_timestamp({{ utc_timestamp }}, '{{ setting("timezone") }}'){% endmacro %}

{% macro spark__whole_row(alias) %}to_json(struct({{ alias }}.*), map('ignoreNullFields', 'false')){% endmacro %}

{% macro spark__row_fingerprint(row, columns) %}xxhash64({{ row }}){% endmacro %}

{% macro spark__raise_in_sql(message, type) %}cast(raise_error({{ message }}) as {{ type }}){% endmacro %}

{% macro spark__text_literal(text) %}{{ return("'" ~ text.replace('\\', '\\\\').replace("'", "\\'") ~ "'") }}{% endmacro %}

{% macro spark__weekday_number(day) %}(weekday({{ day }}) + 1){% endmacro %}

{% macro spark__joined_texts(text, separator, order) %}listagg({{ text }}, '{{ separator }}') within group (order by {{ order }} nulls first){% endmacro %}

{% macro spark__generate_days(first_day, last_day) -%}
    select explode(case
        when {{ first_day }} <= {{ last_day }} then sequence({{ first_day }}, {{ last_day }}, interval 1 day)
    end) as date_day
{%- endmacro %}

{#- dbt's own knows neither microseconds nor, without text in between, dates. -#}
{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart == 'day' -%}
        datediff(cast({{ second_date }} as date), cast({{ first_date }} as date))
    {%- elif datepart == 'second' -%}
        (unix_seconds({{ second_date }}) - unix_seconds({{ first_date }}))
    {%- elif datepart == 'microsecond' -%}
        (unix_micros({{ second_date }}) - unix_micros({{ first_date }}))
    {%- else -%}
        {% do exceptions.raise_compiler_error('datediff: Spark is not asked for differences in units of ' ~ datepart ~ '.') %}
    {%- endif -%}
{%- endmacro %}

{#- dbt's own goes through whole seconds. -#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- if datepart == 'day' -%}
        date_add({{ from_date_or_timestamp }}, cast({{ interval }} as int))
    {%- elif datepart == 'month' -%}
        add_months({{ from_date_or_timestamp }}, cast({{ interval }} as int))
    {%- else -%}
        timestampadd({{ datepart }}, cast({{ interval }} as int), {{ from_date_or_timestamp }})
    {%- endif -%}
{%- endmacro %}

{#- Types as contracts and the columns of seeds name them: those of other engines have no such name there. -#}
{% macro spark_type(type) %}
    {% do return({'varchar': text_type(), 'double precision': double_type()}.get(type, type)) %}
{% endmacro %}

{% macro spark__cast(field, type) %}cast({{ field }} as {{ spark_type(type) }}){% endmacro %}

{#- Deliveries are tables here: see loaded.sql. -#}
{% macro spark__existing_files(paths) %}{% do return(paths_with_tables(paths)) %}{% endmacro %}

{% macro spark__file_header(path) %}{% do return(header_of_delivery(path) | map('lower') | list) %}{% endmacro %}

{% macro spark__read_file(path, header) %}{{ delivery_table(path) }}{% endmacro %}

{% macro spark__own_seed_rows(path) %}{% do return(loaded_seed_rows(path)) %}{% endmacro %}

{#- Names of tables have neither dots nor slashes there. -#}
{% macro spark__name_of_loaded(file) %}{% do return(file.replace('.', '__').replace('/', '__')) %}{% endmacro %}

{% macro spark__create_csv_table(model, agate_table) %}
    {% set columns = [] %}
    {% for name in agate_table.column_names %}
        {% do columns.append(name ~ ' ' ~ spark_type(model.config.column_types.get(name, text_type()))) %}
    {% endfor %}
    {% set sql = 'create table ' ~ this ~ ' (' ~ columns | join(', ') ~ ')' %}
    {% call statement('_') %}{{ sql }}{% endcall %}
    {% do return(sql) %}
{% endmacro %}

{#- dbt's own writes nulls as texts, and a value a node of the plan; here a batch is one text. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {% set columns = [] %}
    {% for name in agate_table.column_names %}
        {% do columns.append(
            'cast(cells[' ~ loop.index0 ~ '] as ' ~ spark_type(model.config.column_types.get(name, text_type())) ~ ')'
        ) %}
    {% endfor %}
    {% set statements = [] %}
    {% for chunk in agate_table.rows | batch(get_batch_size()) %}
        {% set rows = [] %}
        {% for row in chunk %}
            {% set cells = [] %}
            {% for cell in row %}{% do cells.append(none if cell is none else cell | string) %}{% endfor %}
            {% do rows.append(cells) %}
        {% endfor %}
        {% set sql %}
            insert into {{ this }}
            select {{ columns | join(', ') }}
            from (select explode(from_json({{ text_literal(tojson(rows)) }}, 'array<array<string>>')) as cells) as seed_rows
        {% endset %}
        {% do adapter.add_query(sql, abridge_sql_log=True) %}
        {% do statements.append(sql) if loop.first %}
    {% endfor %}
    {% do return(statements | first | default('')) %}
{% endmacro %}

{#- Files cannot be changed: a table of a key has a directory for each, which is replaced whole. -#}
{% macro spark__remade_table(relation, sql) %}
    {% do return(['drop table if exists ' ~ relation, 'create table ' ~ relation ~ ' as ' ~ sql]) %}
{% endmacro %}

{% macro spark__keyed_table(relation, columns, key) -%}
    create table if not exists {{ relation }} ({{ columns.items() | map('join', ' ') | join(', ') }}) partitioned by ({{ key }})
{%- endmacro %}

{% macro spark__take_out(relation, key, values) %}
    {% for value in values %}
        {% do run_query('alter table ' ~ relation ~ ' drop if exists partition (' ~ key ~ " = '" ~ value ~ "')") %}
    {% endfor %}
{% endmacro %}

{#- Several models write at once. Overwriting is what Spark does by way of a directory of its own for each. -#}
{% macro spark__put_into(relation) %}insert overwrite {{ relation }}{% endmacro %}

{#- What the figures need to be those of other engines is said in the profile; a run stops where it is not. -#}
{% macro spark__create_functions() %}
    {% set needed = {
        'spark.sql.session.timeZone': 'UTC',
        'spark.sql.decimalOperations.allowPrecisionLoss': 'false', 'spark.sql.sources.default': 'parquet',
        'spark.sql.sources.partitionOverwriteMode': 'dynamic',
    } %}
    {% for name, value in needed.items() %}
        {% set found = run_query('set ' ~ name).rows[0][1] | string %}
        {% if found | lower != value | lower %}
            {% do exceptions.raise_compiler_error(
                'profiles.yml: server_side_parameters: ' ~ name ~ " is '" ~ found ~ "', and must be '" ~ value ~ "' (docs/spark.md)."
            ) %}
        {% endif %}
    {% endfor %}
{% endmacro %}

{#- What dbt makes in a schema is what is there, and no views of what a run of the runner has made elsewhere: see
    kpi_runner/spark_build.py. -#}
{% macro spark__take_views_out() %}
    {% set schema = run_query('describe schema extended ' ~ target.schema) %}
    {% for row in schema.rows if row[0] == 'Properties' %}
        {% set shown = modules.re.search('\(kpi\.built_in,(\w+)\)', row[1] | string) %}
        {% if shown %}
            {% set built = run_query('show tables in ' ~ shown.group(1)).columns[1].values() %}
            {% for view in run_query('show views in ' ~ target.schema).columns[1].values() if view in built %}
                {% do adapter.drop_relation(adapter.get_relation(none, target.schema, view)) %}
            {% endfor %}
        {% endif %}
    {% endfor %}
    {% do run_query('alter schema ' ~ target.schema ~ " set dbproperties ('kpi.built_in' = '', 'kpi.views_of' = '')") %}
{% endmacro %}


{#- A table. dbt's own way of making one plans the SQL once more to compare it with the contract, which takes as long as the
    rows of a small company. Here, as on DuckDB, the contract is held against the table itself. -#}
{% materialization table, adapter='spark' %}
    {%- set table = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks) }}
    {% do make_table(table, compiled_code) %}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(table, model) %}
    {{ return({'relations': [table]}) }}
{% endmaterialization %}


{#- A unit test, step by step like a KPI: dbt would plan the model three times in one piece, with the given rows written out
    wherever they are read, which took more than 4 GB for one of them. So what the model gives is a table first. -#}
{% materialization unit, adapter='spark' %}
    {%- set steps = steps_of_rollup(sql, this.identifier) -%}
    {%- set given = target.schema ~ '.' ~ this.identifier ~ '__given' -%}
    {%- for statement_sql in steps.before + remade_table(given, steps.sql) -%}
        {% call statement('step') %}{{ statement_sql }}{% endcall %}
    {%- endfor -%}

    {%- set types, quoted = {}, {} -%}
    {%- for column in get_column_schema_from_query('select * from ' ~ given) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do quoted.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- set rows = config.get('expected_rows') -%}
    {%- set names = [] -%}
    {%- for name in (rows[0] if rows else types) -%}{%- do names.append(quoted[name | lower]) -%}{%- endfor -%}
    {%- set expected = config.get('expected_sql') or get_expected_sql(rows, types, quoted) -%}
    {% call statement('main', fetch_result=True) %}{{ get_unit_test_sql('select * from ' ~ given, expected, names) }}{% endcall %}

    {%- for statement_sql in steps.after + ['drop table ' ~ given] -%}
        {% call statement('step') %}{{ statement_sql }}{% endcall %}
    {%- endfor -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}
