{#- How a table takes in just what is new, in a build that begins with the tables of the run before: the var figures_before then
    says that it `begins_with_tables` (see kpi_runner/workplace.py). Models do so in one of three ways (meta.takes_in of their
    config):

    rows    a staging model of one file: its rows are compared with those of the file, by their hashes
    keys    a judged entity: the keys of rows that its staging models have taken in are judged anew
    days    a mart that is worked out quickly, and written slowly: the days of its column meta.day on which its rows, summed up,
            are other ones than before are written anew. So are the rows of KPIs, by the days that they are dated by

    That a table can be taken over, and by which SQL it was made, stands in a table of its name in a schema of its own;
    beside it, while the build lasts, the rows that have gone and come. For DuckDB: no other engine's build begins so. -#}

{#- Makes the table of a model: takes in what is new where it can, else makes all of it. -#}
{% macro make_or_take_in(table, sql) %}
    {% set meta = config.get('meta', {}) %}
    {% set is_taken_in = take_in(table, sql, meta.takes_in, meta.day) if meta.takes_in else false %}
    {% if not is_taken_in %}{% do make_table(table, sql) %}{% endif %}
    {% if meta.takes_in %}{% do note_down(table, sql, meta.takes_in, is_taken_in) %}{% endif %}
{% endmacro %}


{#- Has a table take in what is new in one of the three ways, if it can, and says whether it has. `day` is SQL over its columns,
    where it takes in days. Of their SQL nothing is asked then: its rows are compared with those that are there. -#}
{% macro take_in(table, sql, way, day=none) %}
    {% if not is_taken_over(table, sql) %}{% do return(false) %}{% endif %}
    {% if way == 'days' %}
        {% set new = new_rows_of_days(table, sql, day) %}
    {% elif run_query('select made_by from ' ~ note_of(table)).columns[0].values()[0] != what_makes(sql, way) %}
        {% set new = none %}
    {% else %}
        {% set new = new_rows_of_file(table, sql) if way == 'rows' else new_rows_of_keys(sql) %}
    {% endif %}
    {% if not new %}{% do return(false) %}{% endif %}
    {% for statement_sql in rows_replaced(table, new.which, new.sql, is_noted=(way == 'rows')) %}
        {% call statement('main') %}{{ statement_sql }}{% endcall %}
    {% endfor %}
    {% do return(true) %}
{% endmacro %}


{#- The rows of days on which they are other ones than those of the table; none where those are most days. -#}
{% macro new_rows_of_days(table, sql, day) %}
    {% set dated = "coalesce(" ~ day ~ ", cast('0001-01-01' as date))" %}
    {% set columns = adapter.get_columns_in_relation(table) | map(attribute='quoted') | list %}
    {% set days = table_for_now('days') %}
    {% set are_changed = dated ~ ' in (select date_day from ' ~ days ~ ' where is_changed)' %}
    {% call statement('days') %}
        create or replace temporary table {{ days }} as
        select date_day, count(distinct (n_rows, content)) > 1 or count(*) = 1 as is_changed
        from (
            {% for rows in ['(' ~ sql ~ ') as new_rows', table] %}
            select {{ dated }} as date_day, count(*) as n_rows, sum({{ content_hash(columns) }}) as content
            from {{ rows }}
            group by 1
            {{ 'union all' if not loop.last }}
            {% endfor %}
        ) as days_of_both
        group by date_day
    {% endcall %}
    {% set counts = run_query('select count(*) filter (is_changed), count(*) from ' ~ days).rows[0] %}
    {% if counts[0] * 2 > counts[1] %}{% do return(none) %}{% endif %}
    {% do return({'which': are_changed, 'sql': 'select * from (' ~ sql ~ ') as new_rows where ' ~ are_changed}) %}
{% endmacro %}


{#- Whether the build begins with a table, and it has the columns of a query. -#}
{% macro is_taken_over(table, sql) %}
    {% do return(
        begins_with_tables() and note_of(table).identifier in noted_tables()
        and load_cached_relation(table) is not none and types_of_columns(table) == types_of_columns('(' ~ sql ~ ')')
    ) %}
{% endmacro %}


{#- The columns of a table expression with their types, as one text. -#}
{% macro types_of_columns(expression) %}
    {% set described = run_query('select column_name, column_type from (describe select * from ' ~ expression ~ ')') %}
    {% do return(described.rows | map('join', ' ') | join(', ')) %}
{% endmacro %}


{#- Notes of a table that it can be taken over, with what has made it, unless that stands there; or that it cannot. -#}
{% macro note_down(table, sql, way, is_taken_in) %}
    {% if not is_large(table) or (way == 'keys' and not are_noted(notes_of_staged(), noted_tables())) %}
        {% if begins_with_tables() %}{% do run_query('drop table if exists ' ~ note_of(table)) %}{% endif %}
    {% elif not is_taken_in %}
        {% do run_query(
            'create or replace table ' ~ note_of(table) ~ " as select '" ~ what_makes(sql, way) ~ "' as made_by"
        ) %}
    {% endif %}
{% endmacro %}


{#- What a table is made by, as a hash, where it cannot be taken over if that is another one: its SQL, wherever its files lie, and
    what their texts hang on. -#}
{% macro what_makes(sql, way) %}
    {% if way == 'days' %}{% do return('') %}{% endif %}
    {% set types = what_texts_hang_on() if way == 'rows' else '' %}
    {% do return(local_md5(types ~ sql | replace(setting('data_dir') or '', ''))) %}
{% endmacro %}


{#- The types of the staged file's columns, of which a Parquet file may have others the next time (the decimal 1.00 has the hash
    of the whole number 100), and the zone of the session. -#}
{% macro what_texts_hang_on() %}
    {% set file = staged_file() %}
    {% if not file %}{% do return('') %}{% endif %}
    {% set zone = run_query("select current_setting('TimeZone')").columns[0].values()[0] %}
    {% do return(zone ~ ' ' ~ types_of_columns(file.sql)) %}
{% endmacro %}


{#- The file of a staging model as a table expression (`sql`), with its `header`; none where there is no row of one. -#}
{% macro staged_file() %}
    {% set path = delivered_file(config.get('meta').file) %}
    {% set header = file_header(path) if path is not none else [] %}
    {% do return({'sql': read_file(path, header), 'header': header} if header else none) %}
{% endmacro %}


{#- The rows of a staged file that are new: which rows of its table go, and SQL for those that come; none where most would. -#}
{% macro new_rows_of_file(table, sql) %}
    {% set delivered = staged_file() %}
    {% if not delivered %}{% do return(none) %}{% endif %}
    {% set file = delivered.sql ~ ' as _delivered_row' %}
    {% set hash = row_hash(columns_of('_delivered_row', delivered.header)) %}
    {% set hashes = table_for_now('hashes') %}
    {% set are_changed = 'in (select row_hash from ' ~ hashes ~ ')' %}
    {% call statement('hashes') %}
        create or replace temporary table {{ hashes }} as
        select row_hash
        from (
            select {{ hash }} as row_hash, 1 as difference
            from {{ file }}
            union all
            select _row_hash as row_hash, -1 as difference
            from {{ table }}
        ) as rows_of_both
        group by row_hash
        having sum(difference) <> 0
    {% endcall %}
    {% set counts = run_query('select (select count(*) from ' ~ hashes ~ '), (select count(*) from ' ~ table ~ ')').rows[0] %}
    {% if counts[0] * 2 > counts[1] %}{% do return(none) %}{% endif %}
    {% do return({
        'which': '_row_hash ' ~ are_changed,
        'sql': in_place(sql, {file: '(select * from ' ~ file ~ ' where ' ~ hash ~ ' ' ~ are_changed ~ ') as _delivered_row'}),
    }) %}
{% endmacro %}


{#- The rows of a judged entity whose keys are those of rows that staging has taken in; none where staging was made whole. -#}
{% macro new_rows_of_keys(sql) %}
    {% set entity = config.get('meta').judges %}
    {% set staged = staged_relations() %}
    {% set changes = {} %}
    {% for relation in staged %}{% do changes.update({relation | string: changes_of(relation)}) %}{% endfor %}
    {% if not are_noted(changes.values(), noted_tables()) %}{% do return(none) %}{% endif %}
    {% set keys = table_for_now('keys') %}
    {% set are_changed = '(source_system, row_key) in (select source_system, row_key from ' ~ keys ~ ')' %}
    {% call statement('keys') %}
        create or replace temporary table {{ keys }} as
        select distinct source_system, row_key
        from ({{ in_place(keyed_rows(entity, columns=[]), changes) }}) as changed
    {% endcall %}
    {% set parts = {} %}
    {% for relation in staged %}
        {% set part = table_for_now('staged_' ~ loop.index) %}
        {% call statement('part') %}
            create or replace temporary table {{ part }} as
            select *
            from {{ relation }}
            where (source_system, {{ row_key_of(entity) }}) in (select source_system, row_key from {{ keys }})
        {% endcall %}
        {% do parts.update({relation | string: part}) %}
    {% endfor %}
    {% do return({'which': are_changed, 'sql': in_place(sql, parts)}) %}
{% endmacro %}


{#- The statements by which rows of a table are replaced by those of a query; with what has gone and come noted, where another
    model asks for that. -#}
{% macro rows_replaced(table, which, sql, is_noted) %}
    {% set come = table_for_now('come') %}
    {% set changes = changes_of(table) %}
    {% set noting = [
        'create or replace table ' ~ changes ~ ' as select * from ' ~ table ~ ' where ' ~ which,
        'insert into ' ~ changes ~ ' select * from ' ~ come,
    ] %}
    {% do return(['create or replace temporary table ' ~ come ~ ' as ' ~ sql] + (noting if is_noted else []) + [
        'delete from ' ~ table ~ ' where ' ~ which,
        'insert into ' ~ table ~ ' select * from ' ~ come,
    ]) %}
{% endmacro %}


{#- The staging models of the entity that this model judges. -#}
{% macro staged_relations() %}
    {% set entity = config.get('meta').judges %}
    {% set found = [] %}
    {% for system in systems_with(entity) %}{% do found.append(ref('stg_' ~ system ~ '__' ~ entity)) %}{% endfor %}
    {% do return(found) %}
{% endmacro %}


{#- The notes about their tables. -#}
{% macro notes_of_staged() %}
    {% set notes = [] %}
    {% for relation in staged_relations() %}{% do notes.append(note_of(relation)) %}{% endfor %}
    {% do return(notes) %}
{% endmacro %}


{#- Whether there are notes, and all of them are among the noted names. -#}
{% macro are_noted(notes, noted) %}
    {% set names = notes | map(attribute='identifier') | list %}
    {% do return(names | length > 0 and not names | reject('in', noted) | list) %}
{% endmacro %}


{#- Whether a table has so many rows that comparing takes less than making them. -#}
{% macro is_large(table) %}
    {% do return(run_query('select count(*) from ' ~ table).columns[0].values()[0] >= setting('incremental_from_rows') | int) %}
{% endmacro %}


{#- Whether the build begins with the tables of the run before. -#}
{% macro begins_with_tables() %}{% do return((var('figures_before', none) or {}).get('begins_with_tables', false)) %}{% endmacro %}


{#- The table with the note about one, and that of its rows that have gone and come. -#}
{% macro note_of(table) %}{% do return(note_named(table.schema ~ '.' ~ table.identifier)) %}{% endmacro %}

{% macro changes_of(table) %}{% do return(note_named(table.schema ~ '.' ~ table.identifier ~ '__changes')) %}{% endmacro %}

{% macro note_named(name) %}
    {% do return(api.Relation.create(
        database=target_database(), schema=generate_schema_name('taken_in', none), identifier=name, type='table'
    )) %}
{% endmacro %}


{#- The names of these tables. -#}
{% macro noted_tables() %}
    {% set place = note_named('') %}
    {% do return(run_query(
        'select table_name from duckdb_tables() where database_name = ' ~ text_literal(place.database)
        ~ ' and schema_name = ' ~ text_literal(place.schema)
    ).columns[0].values() | list) %}
{% endmacro %}


{#- A table of the model that is built, for as long as that lasts. -#}
{% macro table_for_now(name) %}{% do return('temp.main."' ~ this.identifier ~ '__' ~ name ~ '"') %}{% endmacro %}


{#- Before a build: where notes are kept. -#}
{% macro create_notes() %}
    {% if execute and flags.WHICH in ['run', 'build'] %}{% do adapter.dispatch('create_notes', 'sales_kpis')() %}{% endif %}
{% endmacro %}

{% macro default__create_notes() %}{% endmacro %}

{% macro duckdb__create_notes() %}{% do adapter.create_schema(note_named('').without_identifier()) %}{% endmacro %}


{#- After a build: what has gone and come is no longer needed; and a table that the build began with, but has not made, being one
    of some models alone, is of the run before. -#}
{% macro settle_notes(results) %}
    {% if execute and flags.WHICH in ['run', 'build'] %}{% do adapter.dispatch('settle_notes', 'sales_kpis')(results) %}{% endif %}
{% endmacro %}

{% macro default__settle_notes(results) %}{% endmacro %}

{% macro duckdb__settle_notes(results) %}
    {% set built = {} %}
    {% for result in results %}
        {% set name = result.node.schema ~ '.' ~ result.node.name %}
        {% do built.update({name: true, name ~ '__rows': true}) %}
    {% endfor %}
    {% for name in noted_tables() if name not in built %}
        {% do run_query('drop table ' ~ note_named(name)) %}
        {% if begins_with_tables() %}
            {% set schema, identifier = name.rsplit('.', 1) %}
            {% do run_query('drop table if exists ' ~ note_named(identifier).incorporate(path={'schema': schema})) %}
        {% endif %}
    {% endfor %}
{% endmacro %}
