{#- What a build checks of the tables that a company writes itself, seeds/targets.csv and seeds/goals.csv. It names the
    file, and each row and column at fault. -#}

{#- Stops the run where rows of a seed are at fault. `faults_of` is a macro from a row (column → text) to pairs of a column
    and what its value is or lacks; `keys_of` one from a row to what no other may share: (column, what that is, its value). -#}
{% macro check_own_seed(name, faults_of, keys_of) %}
    {% if execute %}
        {% set file = graph.nodes['seed.' ~ project_name ~ '.' ~ name].original_file_path %}
        {% set faults = own_seed_faults(name, faults_of, keys_of) %}
        {% if faults %}
            {% set listed = [] %}
            {% for fault in faults[:20] %}{% do listed.append(file ~ ', ' ~ fault) %}{% endfor %}
            {% if faults | length > 20 %}{% do listed.append('… and ' ~ (faults | length - 20) ~ ' more.') %}{% endif %}
            {% do exceptions.raise_compiler_error(listed | join('\n')) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{#- What is wrong with the rows of a seed, as texts "row 1, column low: …"; rows are counted without the header. -#}
{% macro own_seed_faults(name, faults_of, keys_of) %}
    {% set node = graph.nodes['seed.' ~ project_name ~ '.' ~ name] %}
    {% set path = node.root_path ~ '/' ~ node.original_file_path %}
    {% set columns = node.config.column_types.keys() | list %}
    {% set header, rows = own_seed_rows(path) %}
    {% if header is none %}{% do return([]) %}{% endif %}
    {% if header != columns %}
        {% do return(["the header: it is '" ~ header | join(',') ~ "', and should be '" ~ columns | join(',') ~ "'."]) %}
    {% endif %}
    {% set faults = [] %}
    {% set first_rows = {} %}
    {% for delivered in rows %}
        {% set number = loop.index %}
        {% set row = {} %}
        {% for column in columns %}{% do row.update({column: (delivered[loop.index0] or '') | string}) %}{% endfor %}
        {% for column, fault in faults_of(row) %}
            {% do faults.append('row ' ~ number ~ ', column ' ~ column ~ ": '" ~ row[column] ~ "' " ~ fault) %}
        {% endfor %}
        {% for column, shared, value in keys_of(row) %}
            {% if (column, value) in first_rows %}
                {% do faults.append(
                    'row ' ~ number ~ ', column ' ~ column ~ ': row ' ~ first_rows[(column, value)] ~ ' has ' ~ shared ~ '.'
                ) %}
            {% endif %}
            {% do first_rows.setdefault((column, value), number) %}
        {% endfor %}
    {% endfor %}
    {% do return(faults) %}
{% endmacro %}


{#- What is said of a kpi_id that is none. -#}
{% macro no_kpi_fault() %}{% do return('is not a KPI; `kpi list` names them.') %}{% endmacro %}


{#- The header and the rows of a seed's file, as it stands; none where the engine cannot read it. -#}
{% macro own_seed_rows(path) %}{{ return(adapter.dispatch('own_seed_rows', 'sales_kpis')(path)) }}{% endmacro %}

{% macro default__own_seed_rows(path) %}
    {% set header = file_header(path) %}
    {% do return((header, run_query('select * from ' ~ read_file(path, header)).rows if header else [])) %}
{% endmacro %}
