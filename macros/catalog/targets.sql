{#- What a build checks of seeds/targets.csv before it makes anything: a range that holds for nothing, or for something
    else than it was meant for, is worse than none. -#}

{% macro check_targets() %}{% do check_own_seed('targets', target_faults, target_keys) %}{% endmacro %}


{#- What no two targets may share: see check_own_seed(). -#}
{% macro target_keys(row) %}
    {% do return([(
        'valid_from', 'the same KPI, measure, slice, grain and date',
        (row.kpi_id, row.measure, row.dimension or 'total', row.dimension_value or 'total', row.grain, row.valid_from),
    )]) %}
{% endmacro %}


{#- What is wrong with one target (column → text), as pairs of a column and what its value is or lacks. -#}
{% macro target_faults(row) %}
    {% set faults = [] %}
    {% set kpi = kpi_nodes() | selectattr('name', 'equalto', row.kpi_id) | list | first %}
    {% if not kpi %}
        {% do faults.append(('kpi_id', no_kpi_fault())) %}
    {% else %}
        {% set spec = kpi.config.meta.spec %}
        {% set grains = spec.grains or grains() %}
        {% if row.measure not in spec.measures %}
            {% do faults.append(('measure', 'is not one of ' ~ spec.measures.keys() | join(', ') ~ '.')) %}
        {% else %}
            {% set dimensions = spec.measures[row.measure].get('dimensions', spec.dimensions) %}
            {% if row.dimension not in ['', 'total'] and row.dimension not in dimensions %}
                {% do faults.append(('dimension', 'is not one of ' ~ (['total'] + dimensions) | join(', ') ~ '.')) %}
            {% endif %}
        {% endif %}
        {% if (row.dimension in ['', 'total']) != (row.dimension_value in ['', 'total']) %}
            {% do faults.append((
                'dimension_value', 'is not a slice of the dimension ' ~ (row.dimension or 'total') ~ '.'
            )) %}
        {% endif %}
        {% if row.grain and row.grain not in grains %}
            {% do faults.append(('grain', 'is not one of ' ~ grains | join(', ') ~ '.')) %}
        {% endif %}
    {% endif %}
    {% set bounds = {} %}
    {% for column in ['low', 'high'] if row[column] %}
        {% if modules.re.match('^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$', row[column]) %}
            {% do bounds.update({column: row[column] | float}) %}
        {% else %}
            {% do faults.append((column, 'is not a number.')) %}
        {% endif %}
    {% endfor %}
    {% if bounds | length == 2 and bounds.low > bounds.high %}
        {% do faults.append(('low', 'lies above high, ' ~ row.high ~ '.')) %}
    {% endif %}
    {% if row.valid_from and not is_target_date(row.valid_from) %}
        {% do faults.append(('valid_from', 'is not a date (YYYY-MM-DD).')) %}
    {% endif %}
    {% do return(faults) %}
{% endmacro %}


{#- Whether a text is a date that there is. -#}
{% macro is_target_date(text) %}
    {% do return(
        modules.re.match('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$', text)
        and (text[8:] | int) <= days_of_month(text[:4] | int, text[5:7] | int)
    ) %}
{% endmacro %}
