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
        {% for delivery in deliveries() %}
            {% do check_delivery(delivery) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{#- Stops where a needed file or a required column is missing, or a file cannot be read to its end. -#}
{% macro check_delivery(delivery) %}
    {% if delivery.columns is none %}
        {% if delivery.meta.needs_file %}
            {% do exceptions.raise_compiler_error(
                delivery.entity ~ ": no file " ~ delivery.file ~ ('' if '.' in delivery.file else '.csv or .parquet')
                ~ (" in " ~ setting('data_dir') if setting('data_dir') else ", for no directory is named")
                ~ ". The source system " ~ delivery.system
                ~ " cannot do without it; set data_dir (kpi run --data DIR) to the directory that holds it."
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
