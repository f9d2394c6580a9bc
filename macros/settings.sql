{#- The vars that a company sets. They are read through setting(), so that dbt, which renders models before any hook runs,
    stops at a value that is none with a message that names the var. as_of is checked where it is read. -#}

{#- The value of a setting; stops where it is none. -#}
{% macro setting(name) %}
    {% set value = var(name) %}
    {% set expected = expected_of_setting(name, value) %}
    {% if expected %}
        {% do exceptions.raise_compiler_error(name ~ ": '" ~ value ~ "' is not " ~ expected ~ ".") %}
    {% endif %}
    {% do return(value) %}
{% endmacro %}


{#- The settings that setting() reads. -#}
{% macro setting_names() %}
    {% do return([
        'source_systems', 'data_dir', 'timezone', 'week_start', 'fiscal_year_start_month', 'cohort_window_days',
        'response_sla_hours', 'stale_after_days', 'customer_lifecycle', 'renewal_gap_days', 'active_days',
        'reporting_currency', 'holidays', 'period_start', 'period_end', 'grid', 'grid_of_kpis', 'incremental',
        'incremental_from_rows',
    ]) %}
{% endmacro %}


{#- What a value of a setting should be, in words; none where it is that. -#}
{% macro expected_of_setting(name, value) %}
    {% if name not in setting_names() %}
        {% do exceptions.raise_compiler_error("There is no setting '" ~ name ~ "'.") %}
    {% elif name == 'source_systems' %}
        {% do return(expected_of_source_systems(value)) %}
    {% elif name == 'data_dir' %}
        {% do return(none if value is none or value is string else 'a directory') %}
    {% elif name == 'timezone' %}
        {% set is_zone = value is string and value in modules.pytz.all_timezones_set %}
        {% do return(none if is_zone else 'an IANA time zone, such as Europe/Berlin') %}
    {% elif name == 'week_start' %}
        {% set days = weekday_numbers().keys() | list %}
        {% do return(none if value in days else 'one of ' ~ days | join(', ')) %}
    {% elif name == 'fiscal_year_start_month' %}
        {% do return(none if modules.re.match('^([1-9]|1[0-2])$', value | string) else 'a month from 1 to 12') %}
    {% elif name.endswith('_days') or name.endswith('_hours') %}
        {% set unit = name.split('_') | last %}
        {% set is_number = modules.re.match('^[0-9]{1,4}$', value | string) %}
        {% do return(none if is_number else 'a whole number of ' ~ unit ~ ' from 0 to 9999') %}
    {% elif name == 'customer_lifecycle' %}
        {% do return(none if value in ['subscriptions', 'purchases'] else 'one of subscriptions, purchases') %}
    {% elif name == 'reporting_currency' %}
        {% do return(none if modules.re.match('^[A-Z]{3}$', value | string) else "a currency's three capital letters") %}
    {% elif name == 'holidays' %}
        {% set is_list = value is none or (value is iterable and value is not mapping) %}
        {% if not is_list %}{% do return('a list of dates, such as [2026-12-24, 2026-12-25]') %}{% endif %}
        {% for holiday in holidays_of(value) %}{% do parse_setting_date(name, holiday) %}{% endfor %}
    {% elif name == 'incremental' %}
        {% do return(none if value is boolean else 'true or false') %}
    {% elif name == 'incremental_from_rows' %}
        {% do return(none if modules.re.match('^[0-9]{1,12}$', value | string) else 'a whole number of rows') %}
    {% elif name == 'grid' %}
        {% do return(expected_of_grid(value)) %}
    {% elif name == 'grid_of_kpis' %}
        {% do return(expected_of_grids(value)) %}
    {% elif value is not none %}
        {#- period_start and period_end. -#}
        {% do parse_setting_date(name, value) %}
    {% endif %}
    {% do return(none) %}
{% endmacro %}


{#- The same of source_systems: several different ones, each with an entry in source_system_entities. -#}
{% macro expected_of_source_systems(value) %}
    {% set known = var('source_system_entities').keys() | list %}
    {% if value is string or value is mapping or value is not iterable or value | reject('string') | list or not value %}
        {% do return('a list of source systems, such as [folder]') %}
    {% elif value | reject('in', known) | list or value | unique | list | length < value | length %}
        {% do return('a list of different source systems, each one of ' ~ known | join(', ')) %}
    {% endif %}
    {% do return(none) %}
{% endmacro %}


{#- The same of a grid: grains, each with all, totals, none or a list of dimensions. -#}
{% macro expected_of_grid(value) %}
    {% set expected = 'a mapping of grains to all, totals, none or a list of dimensions, such as {day: totals}' %}
    {% if value is not mapping or value.keys() | reject('in', grains_and_range()) | list %}{% do return(expected) %}{% endif %}
    {% for choice in value.values() %}
        {% set is_list = choice is iterable and choice is not string and choice is not mapping %}
        {% if not is_list and choice not in ['all', 'totals', 'none'] %}{% do return(expected) %}{% endif %}
    {% endfor %}
    {% do return(none) %}
{% endmacro %}


{#- The same of the grids of single KPIs. -#}
{% macro expected_of_grids(value) %}
    {% set expected = 'a mapping of KPIs to grids, such as {KPI: {day: all}}' %}
    {% if value is not mapping %}{% do return(expected) %}{% endif %}
    {% for grid in value.values() if expected_of_grid(grid) is not none %}{% do return(expected) %}{% endfor %}
    {% do return(none) %}
{% endmacro %}


{#- What the settings say of the grid of a KPI. -#}
{% macro grid_choices(kpi_id) %}
    {% do return(dict(setting('grid'), **setting('grid_of_kpis').get(kpi_id, {}))) %}
{% endmacro %}


{#- What is built ahead of a KPI of that spec. -#}
{% macro grid_of_kpi(kpi_id, spec) %}
    {% do return(grid_of(spec['dimensions'], spec['grains'] or grains_and_range(), grid_choices(kpi_id))) %}
{% endmacro %}


{#- Before a build: the KPIs and dimensions that the grid names must be there. -#}
{% macro check_grid() %}
    {% if execute %}
        {% set dimensions = {} %}
        {% for node in kpi_nodes() %}{% do dimensions.update({node.name: node.config.meta['spec']['dimensions']}) %}{% endfor %}
        {% do check_grid_dimensions('grid', setting('grid'), dimensions.values() | sum(start=[])) %}
        {% for kpi_id, grid in setting('grid_of_kpis').items() %}
            {% if kpi_id not in dimensions %}
                {% do exceptions.raise_compiler_error("grid_of_kpis: there is no KPI '" ~ kpi_id ~ "'. See `kpi list`.") %}
            {% endif %}
            {% do check_grid_dimensions('grid_of_kpis: ' ~ kpi_id, grid, dimensions[kpi_id]) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{#- Stops where a grid names a dimension that is not among the given ones. -#}
{% macro check_grid_dimensions(setting_name, grid, dimensions) %}
    {% for grain, choice in grid.items() if choice is not string %}
        {% for dimension in choice if dimension not in dimensions %}
            {% do exceptions.raise_compiler_error(
                setting_name ~ ': ' ~ grain ~ ": '" ~ dimension ~ "' is no dimension. It is one of "
                ~ dimensions | unique | sort | join(', ') ~ '.'
            ) %}
        {% endfor %}
    {% endfor %}
{% endmacro %}
