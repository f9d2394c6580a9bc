{#- What was known of a KPI's rows at a moment: when it is built, at as_of; in a comparison with a running period, as long
    after the other period's start. Pure Jinja, like rollup.sql. -#}

{#- The inputs that are outcomes, as far as they had come before a moment in UTC, which lies in the local day `day`. -#}
{% macro outcome_columns(outcomes, moment, day) -%}
    {%- for input, expression in outcomes.items() %}
        {{ expression | replace('{as_of}', moment) | replace('{as_of_day}', day) }} as {{ input }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- The rows (their table has `columns`) that had come before the moment, states that ended later without an end. What
    has no time came on a day that had begun: `last_day` at the latest, which is the day before where the moment is
    midnight. -#}
{% macro rows_known_by(rows, columns, outcomes, moment, day, last_day) -%}
    select
        {% for column in columns -%}
        {% if column in outcomes -%}
        {{ outcome_columns({column: outcomes[column]}, moment, day) }}
        {%- elif column == 'valid_to_on' -%}
        case when {{ had_come('valid_to_on', 'valid_to_at', columns, moment, last_day) }} then valid_to_on end as valid_to_on
        {%- else -%}
        {{ column }}
        {%- endif %}{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ rows }}
    where
        true
        {% for date_column, time_column in [('event_on', 'known_at'), ('valid_from_on', 'valid_from_at')]
            if date_column in columns -%}
        and ({{ date_column }} is null or {{ had_come(date_column, time_column, columns, moment, last_day) }})
        {% endfor %}
{%- endmacro %}


{#- Whether what is dated so had come: by its time, where that is known, else by its day. -#}
{% macro had_come(date_column, time_column, columns, moment, last_day) -%}
    {%- if time_column in columns -%}
    ({{ time_column }} < {{ moment }} or ({{ time_column }} is null and {{ date_column }} <= {{ last_day }}))
    {%- else -%}
    {{ date_column }} <= {{ last_day }}
    {%- endif -%}
{%- endmacro %}
