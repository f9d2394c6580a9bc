{#- A text expression as a value of a canonical type; null where the text is none.
    Years go from 1900 to 2199: a date outside them is a slip or a placeholder, and would make a calendar of ages.
    Formats: dates YYYY-MM-DD; timestamps ISO 8601, UTC without a zone, a bare date meaning local
    midnight; months YYYY-MM or their first day; booleans true/false/1/0; a point in decimals. -#}
{% macro parse_value(type, text) %}
    {%- set year = '(19|20|21)[0-9]{2}' -%}
    {%- if type == 'text' -%}
        {{ text }}
    {%- elif type == 'timestamp' -%}
        case
            when {{ matches(text, '^' ~ year ~ '-[0-9]{2}-[0-9]{2}$') }}
                then {{ to_utc('cast(' ~ try_cast(text, 'date') ~ ' as timestamp)') }}
            when {{ matches(text, '^' ~ year ~ '-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?$') }}
                then {{ try_cast(text, 'timestamp') }}
            when {{ matches(text, '^' ~ year ~ '-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)? ?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)$') }}
                {#- Few engines take a space before the zone. #}
                then {{ try_cast_zoned("substr(" ~ text ~ ", 1, 11) || replace(substr(" ~ text ~ ", 12), ' ', '')") }}
        end
    {%- elif type == 'date' -%}
        case
            when {{ matches(text, '^' ~ year ~ '-[0-9]{2}-[0-9]{2}([T ]00:00:00([.]0+)?)?$') }}
                then {{ try_cast('substr(' ~ text ~ ', 1, 10)', 'date') }}
        end
    {%- elif type == 'month' -%}
        case
            when {{ matches(text, '^' ~ year ~ '-[0-9]{2}(-01([T ]00:00:00([.]0+)?)?)?$') }}
                then {{ try_cast("substr(" ~ text ~ ", 1, 7) || '-01'", 'date') }}
        end
    {%- elif type == 'boolean' -%}
        case
            when lower({{ text }}) in ('true', '1') then true
            when lower({{ text }}) in ('false', '0') then false
        end
    {%- elif type == 'integer' -%}
        case
            when {{ matches(text, '^[+-]?[0-9]{1,18}([.]0+)?$') }}
                then cast(cast({{ text }} as decimal(38, 4)) as bigint)
        end
    {%- elif type == 'probability' -%}
        case when {{ parse_decimal(type, text) }} between 0 and 1 then {{ parse_decimal(type, text) }} end
    {%- else -%}
        {{ parse_decimal(type, text) }}
    {%- endif -%}
{% endmacro %}


{#- A text as a decimal; null also where it has more digits than are kept, since nothing is rounded in silence. A text with
    an exponent (1e-05) is compared as a double, which its digits fit in. -#}
{% macro parse_decimal(type, text) -%}
    {%- set stored, decimals = canonical_sql_type(type), kept_digits(type).after -%}
    case
        when {{ matches(text, '^[+-]?([0-9]+([.][0-9]{0,' ~ decimals ~ '}0*)?|[.][0-9]{1,' ~ decimals ~ '}0*)$') }}
            then {{ try_cast(text, stored) }}
        when
            {{ matches(text, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)[eE][+-]?[0-9]{1,3}$') }}
            and cast({{ try_cast(text, stored) }} as {{ double_type() }}) = {{ try_cast(text, double_type()) }}
            then {{ try_cast(text, stored) }}
    end
{%- endmacro %}
