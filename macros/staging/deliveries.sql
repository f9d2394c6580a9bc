{#- Reading what source systems deliver: files in setting('data_dir'), found or not. -#}

{#- The paths of delivered files by what they were asked for, without those that are not there. What is asked for is a
    file's name, or a name without an extension, which then may be a .csv or a .parquet, but not both. -#}
{% macro delivered_files(files) %}
    {% set paths = {} %}
    {% if execute and setting('data_dir') %}
        {% set directory = setting('data_dir').rstrip('/') ~ '/' %}
        {% for file in files %}
            {% set names = [file] if '.' in file else [file ~ '.csv', file ~ '.parquet'] %}
            {% do paths.update({file: [directory ~ names[0], directory ~ names[-1]] | unique | list}) %}
        {% endfor %}
    {% endif %}
    {% set existing = existing_files(paths.values() | sum(start=[])) if paths else [] %}
    {% set found = {} %}
    {% for file in paths %}
        {% set there = paths[file] | select('in', existing) | list %}
        {% if there | length > 1 %}
            {% do exceptions.raise_compiler_error(
                "Two files deliver the same entity: " ~ there | join(' and ') ~ ". Remove one of them."
            ) %}
        {% endif %}
        {% do found.update({file: there[0]} if there else {}) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{#- The path of one, none when it is not there. -#}
{% macro delivered_file(file) %}{% do return(delivered_files([file]).get(file)) %}{% endmacro %}


{#- A delivered value as text, without white space around it, null where nothing is left. -#}
{% macro text_of(column) -%}
    nullif(trim(both {{ white_space() }} from cast({{ column }} as {{ dbt.type_string() }})), '')
{%- endmacro %}


{#- The characters that stand around values by accident: spaces, tabs and line ends, and the space that does not break. -#}
{% macro white_space() -%}
    ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160)
{%- endmacro %}


{#- The rows of a delivered file as text, each with itself whole (_row), a hash by which it is found again, where the engine
    finds rows so (_row_hash), and its fingerprint. Columns of `columns` that the file lacks are null, and
    without the file there is no row. -#}
{% macro read_delivery(file, columns) %}
    {%- set path = delivered_file(file) -%}
    {%- set header = file_header(path) if path is not none else [] -%}
    select
        {% for column in columns if column in header %}{{ text_of('_delivered_row.' ~ adapter.quote(column)) }} as {{ column }},
        {% endfor -%}
        {% for column in columns if column not in header %}cast(null as {{ dbt.type_string() }}) as {{ column }},
        {% endfor -%}
        {% if header %}{{ whole_row('_delivered_row') }}{% else %}cast(null as {{ dbt.type_string() }}){% endif %} as _row,
        {% if header %}{{ row_hash(columns_of('_delivered_row', header)) }}{% else %}cast(null as bigint){% endif %} as _row_hash,
        {% if header %}{{ row_fingerprint(whole_row('_delivered_row'), columns_of('_delivered_row', header)) }}{% else %}cast(null as bigint){% endif %} as _fingerprint
    from {% if header %}{{ read_file(path, header) }} as _delivered_row{% else %}(select 1 as nothing) as _delivered_row where 1 = 0{% endif %}
{% endmacro %}


{#- The columns of a relation as expressions; takes the alias under which it is read. Files have a name for each. -#}
{% macro columns_of(alias, names) %}
    {% set expressions = [] %}
    {% for name in distinct_names(names) %}{% do expressions.append(alias ~ '.' ~ quoted_name(name)) %}{% endfor %}
    {% do return(expressions) %}
{% endmacro %}


{#- The rows of a seed as text, each with itself whole (_row) and its fingerprint; nothing reads them again. -#}
{% macro read_seed(relation, columns) %}
    select
        {% for column in columns %}{{ text_of('_delivered_row.' ~ column) }} as {{ column }},
        {% endfor -%}
        {{ whole_row('_delivered_row') }} as _row,
        cast(null as bigint) as _row_hash,
        {{ row_fingerprint(whole_row('_delivered_row'), columns_of('_delivered_row', columns)) }} as _fingerprint
    from {{ relation }} as _delivered_row
{% endmacro %}


{#- The staging model of a source system's entity, which says what it reads. -#}
{% macro staging_node(system, entity) %}
    {% set name = 'stg_' ~ system ~ '__' ~ entity %}
    {% if 'model.' ~ project_name ~ '.' ~ name not in graph.nodes %}
        {% do exceptions.raise_compiler_error(
            "source_system_entities names " ~ entity ~ " for " ~ system ~ ", but there is no model " ~ name
            ~ ". Add it, or take the entity out of the var."
        ) %}
    {% endif %}
    {% do return(graph.nodes['model.' ~ project_name ~ '.' ~ name]) %}
{% endmacro %}


{#- What the source systems in use deliver: one entry per system and entity that has a staging model,
    as {system, entity, file, columns}. `columns` are the canonical ones among what is delivered, and
    none where the entity's file is not there. A file of no bytes delivers every column, without rows. -#}
{% macro deliveries() %}
    {% set read = [] %}
    {% for system in setting('source_systems') %}
        {% for entity in var('source_system_entities').get(system, []) %}
            {% do read.append({'system': system, 'entity': entity, 'meta': staging_node(system, entity).config.meta}) %}
        {% endfor %}
    {% endfor %}
    {% set paths = delivered_files(read | map(attribute='meta.file') | select | list) %}
    {% for each in read %}
        {% set path = paths.get(each.meta.file) %}
        {% set header = file_header(path) if path is not none else [] %}
        {% if each.meta.file and path is none %}
            {% set columns = none %}
        {% elif each.meta.columns != 'as found' %}
            {% set columns = each.meta.columns %}
        {% elif header %}
            {% set columns = header | select('in', canonical_columns(each.entity)) | list %}
        {% else %}
            {% set columns = canonical_columns(each.entity).keys() | list %}
        {% endif %}
        {% do each.update({'file': path or each.meta.file, 'columns': columns, 'header': header}) %}
    {% endfor %}
    {% do return(read) %}
{% endmacro %}
