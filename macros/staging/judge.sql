{#- All delivered rows of an entity, the source systems in use united, each with its fate:
    kept, merged (said the same as a kept row, or was overtaken by a newer one) or rejected.
    Every kept row has a key of its own; rejected_rule says why a row is not used. -#}
{% macro judge(entity) -%}
    {%- set spec = canonical_entity(entity) -%}
    {%- set columns = canonical_columns(entity) -%}
    {%- set never = "cast('0001-01-01' as timestamp)" -%}
    {%- set loaded_at = 'coalesce(_loaded_at, ' ~ never ~ ')' -%}
    {#- Rows that broke a rule are not compared with those that did not. -#}
    {%- set same_key = 'source_system, row_key, _rejected_rule is null' -%}
    with delivered as (
        {% for system in systems_with(entity) -%}
        select * from {{ ref('stg_' ~ system ~ '__' ~ entity) }}
        {{ 'union all' if not loop.last }}
        {% else -%}
        select
            {% for column, type in columns.items() -%}
            cast(null as {{ canonical_sql_type(type) }}) as {{ column }},
            {% endfor -%}
            cast(null as {{ dbt.type_string() }}) as source_system,
            cast(null as timestamp) as _loaded_at,
            cast(null as bigint) as _row_number,
            cast(null as {{ dbt.type_string() }}) as _row,
            cast(null as {{ dbt.type_string() }}) as _rejected_rule,
            cast(null as {{ dbt.type_string() }}) as _repairs
        where 1 = 0
        {% endfor %}
    ),

    keyed as (
        select
            *,
            {% for column in spec['key'] -%}
            {{ key_part(column, spec['key']) }}{{ " || '|' ||" if not loop.last }}
            {% endfor -%} as row_key,
            {% for column in columns -%}
            coalesce(cast({{ column }} as {{ dbt.type_string() }}), chr(1)){{ ' || chr(2) ||' if not loop.last }}
            {% endfor -%} as row_content
        from delivered
    ),

    {#- Rows of one key compared: how many contents there are, and how many among the newest. -#}
    newest as (
        select
            *,
            max({{ loaded_at }}) over (
                partition by {{ same_key }}
            ) as newest_loaded_at
        from keyed
    ),

    compared as (
        select
            *,
            {{ loaded_at }} = newest_loaded_at as is_newest,
            row_number() over (
                partition by {{ same_key }}
                order by {{ loaded_at }} desc, _row_number
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

    select
        {% for column in columns -%}
        {{ column }},
        {% endfor -%}
        source_system,
        row_key,
        case
            when _rejected_rule is not null or is_contradicted then 'rejected'
            when recency = 1 then 'kept'
            else 'merged'
        end as fate,
        coalesce(
            _rejected_rule,
            case when is_contradicted then '{{ spec['key'] | join(', ') }}: several different rows of one key, none of them the newest' end
        ) as rejected_rule,
        _repairs as repairs,
        _row as row_json
    from settled
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
