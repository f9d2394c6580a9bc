{#- What a run looks at before it builds anything: settings and deliveries. It stops with a message
    that names the var, or the entity, column and file. -#}

{% macro check_settings() %}
    {% if execute %}
        {% for name in setting_names() %}{% do setting(name) %}{% endfor %}
        {% do as_of_utc() %}
    {% endif %}
{% endmacro %}


{% macro check_deliveries() %}
    {% if execute %}
        {% set delivered = deliveries() %}
        {% for system in setting('source_systems') %}
            {% do check_system(system, delivered | selectattr('system', 'equalto', system) | list) %}
        {% endfor %}
        {% for delivery in delivered %}
            {% do check_delivery(delivery) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{#- Stops where a source system whose entities all lie in files delivers none of them. -#}
{% macro check_system(system, delivered) %}
    {% if delivered and not delivered | rejectattr('columns', 'none') | list %}
        {% do exceptions.raise_compiler_error(
            system ~ ": no file of an entity" ~ of_directory() ~ ". At least one of "
            ~ delivered | map(attribute='file') | join(', ') ~ " (.csv or .parquet) must be there; " ~ set_data_dir() ~ "."
        ) %}
    {% endif %}
{% endmacro %}


{#- Stops where a needed file or a required column is missing, or a file cannot be read to its end. -#}
{% macro check_delivery(delivery) %}
    {% if delivery.columns is none %}
        {% if delivery.meta.needs_file %}
            {% do exceptions.raise_compiler_error(
                delivery.entity ~ ": no file " ~ delivery.file ~ ('' if '.' in delivery.file else '.csv or .parquet')
                ~ of_directory() ~ ". The source system " ~ delivery.system ~ " cannot do without it; "
                ~ set_data_dir() ~ "."
            ) %}
        {% endif %}
    {% elif delivery.header %}
        {% set needed = delivery.meta.source_columns or canonical_entity(delivery.entity)['required'].keys() | list %}
        {% set absent = needed | reject('in', delivery.header) | list %}
        {% if absent %}
            {% do exceptions.raise_compiler_error(
                delivery.entity ~ ": the required column " ~ absent | join(', ') ~ " is missing from "
                ~ delivery.file ~ ". Its header has: " ~ delivery.header | join(', ') ~ "."
            ) %}
        {% endif %}
        {% set repeated = [] %}
        {% for name in delivery.header if delivery.header.count(name) > 1 and name in needed + delivery.columns + ['_loaded_at'] %}
            {% do repeated.append(name) %}
        {% endfor %}
        {% if repeated %}
            {% do exceptions.raise_compiler_error(
                delivery.entity ~ ": the column " ~ repeated[0] ~ " stands more than once in the header of "
                ~ delivery.file ~ "."
            ) %}
        {% endif %}
        {% do run_query("select count(*) from (select * from " ~ read_file(delivery.file, delivery.header) ~ ") as delivered") %}
    {% endif %}
{% endmacro %}


{#- In words: where files were looked for, and how to say where they are. -#}
{% macro of_directory() %}
    {% do return(" in " ~ setting('data_dir') if setting('data_dir') else ", for no directory is named") %}
{% endmacro %}

{% macro set_data_dir() %}{% do return("set data_dir (kpi run --data DIR) to the directory that holds it") %}{% endmacro %}
