{#- What a build checks of seeds/targets.csv before it makes anything: a range that holds for nothing, or for something
    else than it was meant for, is worse than none. It names the file, and each row and column at fault. -#}

{% macro check_targets() %}
    {% if execute %}
        {% set faults = targets_faults() %}
        {% if faults %}
            {% set file = graph.nodes['seed.' ~ project_name ~ '.targets'].original_file_path %}
            {% set listed = [] %}
            {% for fault in faults[:20] %}{% do listed.append(file ~ ', ' ~ fault) %}{% endfor %}
            {% if faults | length > 20 %}{% do listed.append('… and ' ~ (faults | length - 20) ~ ' more.') %}{% endif %}
            {% do exceptions.raise_compiler_error(listed | join('\n')) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{#- What is wrong with the targets, as texts "row 1, column low: …"; rows are counted without the header. -#}
{% macro targets_faults() %}
    {% set node = graph.nodes['seed.' ~ project_name ~ '.targets'] %}
    {% set path = node.root_path ~ '/' ~ node.original_file_path %}
    {% set columns = node.config.column_types.keys() | list %}
    {% set header = file_header(path) %}
    {% if header != columns %}
        {% do return(["the header: it is '" ~ header | join(',') ~ "', and should be '" ~ columns | join(',') ~ "'."]) %}
    {% endif %}
    {% set faults = [] %}
    {% set first_rows = {} %}
    {% for delivered in run_query('select * from ' ~ read_file(path, header)).rows %}
        {% set number = loop.index %}
        {% set row = {} %}
        {% for column in columns %}{% do row.update({column: (delivered[loop.index0] or '') | string}) %}{% endfor %}
        {% for column, fault in target_faults(row) %}
            {% do faults.append('row ' ~ number ~ ', column ' ~ column ~ ": '" ~ row[column] ~ "' " ~ fault) %}
        {% endfor %}
        {% set key = (
            row.kpi_id, row.measure, row.dimension or 'total', row.dimension_value or 'total', row.grain, row.valid_from
        ) %}
        {% if key in first_rows %}
            {% do faults.append(
                'row ' ~ number ~ ', column valid_from: row ' ~ first_rows[key]
                ~ ' has the same KPI, measure, slice, grain and date.'
            ) %}
        {% endif %}
        {% do first_rows.setdefault(key, number) %}
    {% endfor %}
    {% do return(faults) %}
{% endmacro %}


{#- What is wrong with one target (column → text), as pairs of a column and what its value is or lacks. -#}
{% macro target_faults(row) %}
    {% set faults = [] %}
    {% set kpi = kpi_nodes() | selectattr('name', 'equalto', row.kpi_id) | list | first %}
    {% if not kpi %}
        {% do faults.append(('kpi_id', 'is not a KPI; `kpi list` names them.')) %}
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
