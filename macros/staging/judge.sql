{#- All delivered rows of an entity, the source systems in use united, each with its fate:
    kept, merged (said the same as a kept row, or was overtaken by a newer one) or rejected.
    Every kept row has a key of its own; rejected_rule says why a row is not used.
    Most rows have a key that no other row has: only the others are compared. What broke a rule is compared with none. -#}
{% macro judge(entity) -%}
    {{- config(meta={'takes_in': 'keys', 'judges': entity}) -}}
    {%- set columns = canonical_columns(entity).keys() | list -%}
    {#- Read anew each time: what a `with` clause names is kept in memory, all of it, where it is read twice. -#}
    {%- set keyed = keyed_rows(entity) -%}
    {#- Hashes of keys first, as they take a fraction of the memory; the few that come twice are then compared as they are. -#}
    {%- set keys = keyed_rows(entity, columns=[]) -%}
    {%- set hash_of_key = content_hash(['source_system', 'row_key']) -%}
    with repeated as (
        select
            source_system,
            row_key
        from ({{ keys }}) as keys
        where
            _rejected_rule is null
            and {{ hash_of_key }} in (
                select {{ hash_of_key }}
                from ({{ keys }}) as hashed
                where _rejected_rule is null
                group by 1
                having count(*) > 1
            )
        group by source_system, row_key
        having count(*) > 1
    ),

    {{ compared_rows(entity, keyed) }}
    {%- set files = files_to_find_rows_in(entity) %}
    {%- if files -%}
    ,

    {{ rows_found_again(files) }}
    {%- endif %}

    select
        {{ listed(columns, 'keyed.') }}
        keyed.source_system,
        keyed.row_key,
        case when keyed._rejected_rule is null then 'kept' else 'rejected' end as fate,
        keyed._rejected_rule as rejected_rule,
        keyed._repairs as repairs,
        case when keyed._rejected_rule is not null then keyed._row end as row_json
    from ({{ keyed }}) as keyed
    left join repeated
        on keyed.source_system = repeated.source_system and keyed.row_key = repeated.row_key
    where repeated.row_key is null or keyed._rejected_rule is not null
    union all
    select
        {{ listed(columns) }}
        settled.source_system,
        row_key,
        case when is_contradicted then 'rejected' when recency = 1 then 'kept' else 'merged' end as fate,
        case
            when is_contradicted
                then '{{ canonical_entity(entity)['key'] | join(', ') }}: several different rows of one key, none of them the newest'
        end as rejected_rule,
        _repairs as repairs,
        case when is_contradicted then {{ 'coalesce(settled._row, found_again.row_json)' if files else '_row' }} end as row_json
    from settled
    {%- if files %}
    left join found_again
        on settled.source_system = found_again.source_system and settled._row_hash = found_again._row_hash
    {%- endif %}
{%- endmacro %}


{#- The delivered rows of all source systems in use with their key as text; with just some of the entity's columns, or
    none, where those are all that is asked for. -#}
{% macro keyed_rows(entity, columns=none) -%}
    {%- set types = canonical_columns(entity) -%}
    select
        {{ listed(types.keys() | list if columns is none else columns) }}
        {% if columns is none -%}
        _loaded_at,
        _row_hash,
        _row,
        _repairs,
        {% endif -%}
        source_system,
        _rejected_rule,
        {{ row_key_of(entity) }} as row_key
    from (
        {% for system in systems_with(entity) -%}
        select * from {{ ref('stg_' ~ system ~ '__' ~ entity) }}
        {{ 'union all' if not loop.last }}
        {% else -%}
        select
            {% for column, type in types.items() -%}
            cast(null as {{ canonical_sql_type(type) }}) as {{ column }},
            {% endfor -%}
            cast(null as {{ dbt.type_string() }}) as source_system,
            cast(null as timestamp) as _loaded_at,
            cast(null as bigint) as _row_hash,
            cast(null as {{ dbt.type_string() }}) as _row,
            cast(null as {{ dbt.type_string() }}) as _rejected_rule,
            cast(null as {{ dbt.type_string() }}) as _repairs
        where 1 = 0
        {% endfor %}
    ) as delivered
{%- endmacro %}


{#- The rows that share their key, each compared with the others of it: how many contents there are, and how many among the
    newest. -#}
{% macro compared_rows(entity, keyed) -%}
    {%- set never = "cast('0001-01-01' as timestamp)" -%}
    {%- set loaded_at = 'coalesce(_loaded_at, ' ~ never ~ ')' -%}
    {%- set same_key = 'source_system, row_key' -%}
    newest as (
        select
            keyed.*,
            {% for column in canonical_columns(entity) -%}
            coalesce(cast(keyed.{{ column }} as {{ dbt.type_string() }}), chr(1)){{ ' || chr(2) ||' if not loop.last }}
            {% endfor -%} as row_content,
            max({{ loaded_at }}) over (partition by keyed.source_system, keyed.row_key) as newest_loaded_at
        from ({{ keyed }}) as keyed
        inner join repeated
            on keyed.source_system = repeated.source_system and keyed.row_key = repeated.row_key
        where keyed._rejected_rule is null
    ),

    compared as (
        select
            *,
            {{ loaded_at }} = newest_loaded_at as is_newest,
            row_number() over (
                partition by {{ same_key }}
                order by {{ loaded_at }} desc, _repairs
            ) as recency,
            min(row_content) over (partition by {{ same_key }}) as first_content,
            max(row_content) over (partition by {{ same_key }}) as last_content,
            min(row_content) over (
                partition by {{ same_key }}, {{ loaded_at }}
            ) as first_content_then,
            max(row_content) over (
                partition by {{ same_key }}, {{ loaded_at }}
            ) as last_content_then
        from newest
    ),

    settled as (
        select
            *,
            first_content <> last_content and (
                newest_loaded_at = {{ never }}
                or max(case when is_newest and first_content_then <> last_content_then then 1 else 0 end) over (
                    partition by {{ same_key }}
                ) = 1
            ) as is_contradicted
        from compared
    )
{%- endmacro %}


{#- The source systems in use whose rows of an entity lie in a file that is read again for those that contradict each other,
    with the file's path. Staging has kept the others that are not used. -#}
{% macro files_to_find_rows_in(entity) %}
    {% set files = {} %}
    {% if execute and finds_rows_again() %}
        {% for system in systems_with(entity) %}
            {% set file = staging_node(system, entity).config.meta.file %}
            {% if file and delivered_file(file) is not none %}{% do files.update({system: file}) %}{% endif %}
        {% endfor %}
    {% endif %}
    {% do return(files) %}
{% endmacro %}


{#- The delivered rows that contradict each other as JSON. -#}
{% macro rows_found_again(files) -%}
    found_again as (
        {% for system, file in files.items() -%}
        select
            contradicted.source_system,
            contradicted._row_hash,
            min({{ json_of_row('delivered._row') }}) as row_json
        from (
            select distinct
                source_system,
                _row_hash
            from settled
            where is_contradicted and source_system = '{{ system }}'
        ) as contradicted
        inner join ({{ read_delivery(file, []) }}) as delivered
            on contradicted._row_hash = delivered._row_hash
        group by contradicted.source_system, contradicted._row_hash
        {{ 'union all' if not loop.last }}
        {% endfor -%}
    )
{%- endmacro %}


{#- The key of an entity's row as one text. -#}
{% macro row_key_of(entity) -%}
    {%- set key = canonical_entity(entity)['key'] -%}
    {%- for column in key %}{{ key_part(column, key) }}{{ " || '|' || " if not loop.last }}{% endfor -%}
{%- endmacro %}


{#- A column of a key as text. In a key of several, which are joined by |, a | of its own is written \|. -#}
{% macro key_part(column, key) -%}
    {%- set text = "coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '')" -%}
    {%- if key | length == 1 -%}
        {{ text }}
    {%- else -%}
        replace(replace({{ text }}, chr(92), chr(92) || chr(92)), '|', chr(92) || '|')
    {%- endif -%}
{%- endmacro %}


{#- The rows of an entity that are used, as a table expression. -#}
{% macro kept(entity) -%}
    (select * from {{ ref('int_' ~ entity ~ '__judged') }} where fate = 'kept')
{%- endmacro %}
