{#- Deliveries to engines that read no file of the runner's machine. They are tables there: where data_dir is the path of a
    directory, the runner has loaded its files before the build; else data_dir names a schema, in which the table deals
    stands for the file deals.csv. -#}

{#- The table that stands for a delivered file, none where there is none. -#}
{% macro delivery_table(path) %}
    {% do return(loaded_table(path.split('/') | last) if '/' in setting('data_dir') else delivered_table(path)) %}
{% endmacro %}


{#- Those paths of a list for which one stands. -#}
{% macro paths_with_tables(paths) %}
    {% set found = [] %}
    {% for path in paths if delivery_table(path) is not none %}{% do found.append(path) %}{% endfor %}
    {% do return(found) %}
{% endmacro %}


{#- Its header: of a loaded file as it stands there. -#}
{% macro header_of_delivery(path) %}
    {% set table = delivery_table(path) %}
    {% if '/' in setting('data_dir') %}{% do return(header_of_loaded(table)) %}{% endif %}
    {% do return(adapter.get_columns_in_relation(table) | map(attribute='name') | list) %}
{% endmacro %}


{#- The table that stands for a delivered file, in the schema that the setting data_dir names, none where there is none:
    deals for deals.csv. -#}
{% macro delivered_table(path) %}
    {% set file = path.split('/') | last %}
    {% if file.endswith('.parquet') %}{% do return(none) %}{% endif %}
    {% do return(adapter.get_relation(target_database(), setting('data_dir'), file.rsplit('.', 1)[0])) %}
{% endmacro %}


{#- The table of texts into which the runner has loaded a file for this build, none where it has not. -#}
{% macro loaded_table(file) %}
    {% do return(adapter.get_relation(target_database(), target.schema ~ '_files', name_of_loaded(file))) %}
{% endmacro %}


{#- What that table is called: as the file, where names of tables may have its dot. -#}
{% macro name_of_loaded(file) %}{% do return(adapter.dispatch('name_of_loaded', 'sales_kpis')(file)) %}{% endmacro %}

{% macro default__name_of_loaded(file) %}{% do return(file) %}{% endmacro %}


{#- The header of a loaded file as it stands there, which a table beside it says: columns have names of their own each. -#}
{% macro header_of_loaded(table) %}
    {% set headers = table.incorporate(path={'identifier': 'headers'}) %}
    {% set found = run_query(
        'select column_name from ' ~ headers ~ ' where table_name = ' ~ text_literal(table.identifier) ~ ' order by place'
    ) %}
    {% do return(found.columns[0].values() | map('string') | list) %}
{% endmacro %}


{#- The header and the rows of a seed that a company writes itself, as the runner has loaded them; none where it has not. -#}
{% macro loaded_seed_rows(path) %}
    {% set table = loaded_table('seeds/' ~ path.split('/') | last) %}
    {% if table is none %}{% do return((none, none)) %}{% endif %}
    {% do return((header_of_loaded(table), run_query('select * from ' ~ table).rows)) %}
{% endmacro %}
