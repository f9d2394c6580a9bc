{#- What a run looks at before it builds anything: settings and deliveries. It stops with a message
    that names the var, or the entity, column and file. -#}

{% macro check_settings() %}
    {% if execute %}
        {% if var('source_systems') is string %}
            {% do exceptions.raise_compiler_error(
                "source_systems: '" ~ var('source_systems') ~ "' is not a list of source systems, such as [folder]."
            ) %}
        {% endif %}
        {% for system in var('source_systems') if system not in var('source_system_entities') %}
            {% do exceptions.raise_compiler_error(
                "source_systems: '" ~ system ~ "' is not a source system. Known: "
                ~ var('source_system_entities').keys() | join(', ')
            ) %}
        {% endfor %}
        {% if not var('source_systems') %}
            {% do exceptions.raise_compiler_error("source_systems: name at least one source system.") %}
        {% endif %}
        {% if var('timezone') not in modules.pytz.all_timezones %}
            {% do exceptions.raise_compiler_error(
                "timezone: '" ~ var('timezone') ~ "' is not an IANA time zone, such as Europe/Berlin."
            ) %}
        {% endif %}
        {% if var('week_start') not in weekday_numbers() %}
            {% do exceptions.raise_compiler_error(
                "week_start: '" ~ var('week_start') ~ "' is not one of " ~ weekday_numbers().keys() | join(', ') ~ "."
            ) %}
        {% endif %}
        {% if var('fiscal_year_start_month') | string not in (range(1, 13) | map('string') | list) %}
            {% do exceptions.raise_compiler_error(
                "fiscal_year_start_month: '" ~ var('fiscal_year_start_month') ~ "' is not a month from 1 to 12."
            ) %}
        {% endif %}
        {% if not modules.re.match('^[0-9]{1,4}$', var('cohort_window_days') | string) %}
            {% do exceptions.raise_compiler_error(
                "cohort_window_days: '" ~ var('cohort_window_days') ~ "' is not a number of days."
            ) %}
        {% endif %}
        {% if not modules.re.match('^[A-Z]{3}$', var('reporting_currency') | string) %}
            {% do exceptions.raise_compiler_error(
                "reporting_currency: '" ~ var('reporting_currency') ~ "' is not a currency's three capital letters."
            ) %}
        {% endif %}
        {% if var('holidays') is mapping %}
            {% do exceptions.raise_compiler_error(
                "holidays: '" ~ var('holidays') ~ "' is not a list of dates, such as [2026-12-24, 2026-12-25]."
            ) %}
        {% endif %}
        {% for holiday in holidays() %}{% do parse_setting_date('holidays', holiday) %}{% endfor %}
        {% for name in ['period_start', 'period_end'] if var(name) is not none %}
            {% do parse_setting_date(name, var(name)) %}
        {% endfor %}
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
                ~ (" in " ~ var('data_dir') if var('data_dir') else ", for no directory is named")
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
