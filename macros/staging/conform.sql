{#- The end of every staging model: types the canonical text columns of the CTE `renamed`, sets what
    is unusable to null, and marks the rows that break a rule. Nothing is dropped here.

    entity          the canonical entity
    columns         the canonical columns that the source delivers, or 'as found' in the file's header
    file            the file that delivers the entity, none when it always exists
    needs_file      true where the system cannot do without that file
    source_columns  the columns the file must have, when they are not the canonical required ones
    loaded_at       true where `renamed` has the column _loaded_at
    repairs         SQL text expression naming repairs the model made itself, each ended by a ;

    `renamed` also has what read_delivery() and read_seed() say of a row: _row, _row_hash and _fingerprint. -#}
{% macro conform(entity, columns, file=none, needs_file=false, source_columns=none, loaded_at=false, repairs="''") %}
    {%- set system = model.name.split('__')[0][4:] -%}
    {{- config(
        enabled=(system in setting('source_systems')),
        meta={'entity': entity, 'columns': columns, 'file': file, 'needs_file': needs_file,
              'source_columns': source_columns},
    ) -}}
    {%- set spec = canonical_entity(entity) -%}
    {%- set types = canonical_columns(entity) -%}
    {%- set known = types.keys() | list if columns == 'as found' else columns -%}
    cleaned as (
        select
            {% for column in types -%}
            {% if column in known %}{{ column }}{% else %}cast(null as {{ dbt.type_string() }}){% endif %} as {{ column }},
            {% endfor -%}
            {{ '_loaded_at' if loaded_at else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as _loaded_at,
            {{ repairs }} as _repairs,
            _row,
            _row_hash,
            _fingerprint
        from renamed
    ),

    typed as (
        select
            {% for column, type in types.items() -%}
            {{ accepted_value(spec, column, parse_value(type, column)) }} as {{ column }},
            {{ column }} as {{ column }}__text,
            {% endfor -%}
            {{ parse_value('timestamp', '_loaded_at') }} as _loaded_at,
            _loaded_at as _loaded_at__text,
            _repairs,
            _row,
            _row_hash,
            _fingerprint
        from cleaned
    ),

    ruled as (
        select
            *,
            case
                {% for column, type in spec['required'].items() -%}
                when {{ column }}__text is null then '{{ column }}: required, but empty'
                when {{ column }} is null then '{{ column }}: {{ unusable(spec, column, type) }}'
                {% endfor -%}
                {% if spec.get('exactly_one_of') -%}
                {%- set first, second = spec['exactly_one_of'] -%}
                when {{ first }} is null and {{ second }} is null then '{{ first }}: required where {{ second }} is empty'
                when {{ first }} is not null and {{ second }} is not null then '{{ first }}: must be empty where {{ second }} is given'
                {% endif -%}
            end as _rejected_rule
        from typed
    )

    select
        {% for column, type in types.items() -%}
        cast({{ column }} as {{ canonical_sql_type(type) }}) as {{ column }},
        {% endfor -%}
        cast('{{ system }}' as {{ dbt.type_string() }}) as source_system,
        _loaded_at,
        _row_hash,
        _fingerprint,
        {% if file and finds_rows_again() -%}
        case when _rejected_rule is not null then {{ json_of_row('_row') }} end as _row,
        {%- else -%}
        {{ json_of_row('_row') }} as _row,
        {%- endif %}
        cast(_rejected_rule as {{ dbt.type_string() }}) as _rejected_rule,
        cast(_repairs
            || case when _loaded_at is null and _loaded_at__text is not null then '_loaded_at: {{ unusable(spec, '_loaded_at', 'timestamp') }}, ignored;' else '' end
            {%- for column, type in spec['optional'].items() if type != 'text' or column in spec.get('accepted', {}) %}
            || case when {{ column }} is null and {{ column }}__text is not null then '{{ column }}: {{ unusable(spec, column, type) }}, set to null;' else '' end
            {%- endfor %} as {{ dbt.type_string() }}) as _repairs
    from ruled
{%- endmacro %}


{#- A typed expression, null where it is outside the column's list of accepted values. -#}
{% macro accepted_value(spec, column, expression) -%}
    {%- set accepted = spec.get('accepted', {}).get(column) -%}
    {%- if accepted -%}
        case when {{ expression }} in ({% for value in accepted %}'{{ value }}'{{ ', ' if not loop.last }}{% endfor %}) then {{ expression }} end
    {%- else -%}
        {{ expression }}
    {%- endif -%}
{%- endmacro %}


{#- In words, why a delivered text is no value of its column. -#}
{% macro unusable(spec, column, type) -%}
    {%- set accepted = spec.get('accepted', {}).get(column) -%}
    {%- if accepted -%}
        not one of {{ accepted | join(', ') }}
    {%- else -%}
        {%- set digits = kept_digits(type) -%}
        {%- set decimal = 'decimal of at most ' ~ digits.before ~ ' digits before the point and ' ~ digits.after ~ ' after it' if digits -%}
        not a {{ {'integer': 'whole number', 'month': 'month (YYYY-MM) of the years 1900 to 2199',
                  'date': 'date (YYYY-MM-DD) of the years 1900 to 2199',
                  'timestamp': 'timestamp (ISO 8601) of the years 1900 to 2199', 'boolean': 'boolean (true, false, 1, 0)',
                  'probability': 'number from 0 to 1 of at most 6 decimals'}.get(type, decimal or type) }}
    {%- endif -%}
{%- endmacro %}


{#- A whole staging model of the folder system: the canonical file as it lies. -#}
{% macro stage_file(entity) -%}
    {{- config(meta={'takes_in': 'rows'}) -}}
    with renamed as (
        {{ read_delivery(entity, canonical_columns(entity).keys() | list + ['_loaded_at']) }}
    ),

    {{ conform(entity, columns='as found', file=entity, loaded_at=true) }}
{%- endmacro %}


{#- A whole staging model of the demo system: the canonical seed as it lies. -#}
{% macro stage_seed(entity) -%}
    {%- set columns = canonical_columns(entity).keys() | list -%}
    with renamed as (
        {{ read_seed(ref('demo_' ~ entity), columns) }}
    ),

    {{ conform(entity, columns=columns) }}
{%- endmacro %}
