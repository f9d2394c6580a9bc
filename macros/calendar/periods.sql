{#- Calendar periods: where the period of a grain that holds a day starts, and where the next one does. -#}

{% macro grains() %}
    {% do return(['day', 'week', 'month', 'quarter', 'year', 'fiscal_quarter', 'fiscal_year']) %}
{% endmacro %}


{% macro grains_and_range() %}{% do return(grains() + ['custom']) %}{% endmacro %}


{#- The first day of the period of a grain that holds a day. -#}
{% macro period_start(grain, day) -%}
    {%- set fiscal_shift = (setting('fiscal_year_start_month') | int) - 1 -%}
    {%- if grain == 'day' -%}
        {{ day }}
    {%- elif grain == 'week' -%}
        {%- set week_shift = weekday_numbers()[setting('week_start')] - 1 -%}
        {{ shifted_days('cast(' ~ dbt.date_trunc('week', shifted_days(day, -week_shift)) ~ ' as date)', week_shift) }}
    {%- elif grain in ['fiscal_quarter', 'fiscal_year'] -%}
        {{ shifted_months('cast(' ~ dbt.date_trunc(grain[7:], shifted_months(day_of_month_start(day), -fiscal_shift)) ~ ' as date)', fiscal_shift) }}
    {%- else -%}
        cast({{ dbt.date_trunc(grain, day) }} as date)
    {%- endif -%}
{%- endmacro %}


{#- The first day of the period after the one that starts on a day. -#}
{% macro next_period_start(grain, start) -%}
    {%- if grain == 'day' -%}{{ shifted_days(start, 1) }}
    {%- elif grain == 'week' -%}{{ shifted_days(start, 7) }}
    {%- elif grain == 'month' -%}{{ shifted_months(start, 1) }}
    {%- elif grain in ['quarter', 'fiscal_quarter'] -%}{{ shifted_months(start, 3) }}
    {%- else -%}{{ shifted_months(start, 12) }}
    {%- endif -%}
{%- endmacro %}


{#- In how many parts a month comes where shares of months are added up: the least number that 28, 29, 30 and 31 divide,
    so that a day's share of any month is a whole number of parts, and sums of days are exact. -#}
{% macro month_parts() %}{% do return(377580) %}{% endmacro %}


{#- What some days of a month are of it, in parts. -#}
{% macro parts_of_days(days, days_of_month) -%}
    cast(case {{ days_of_month }}
        {%- for length in [28, 29, 30, 31] %} when {{ length }} then {{ month_parts() // length }}{% endfor %}
    end as integer) * ({{ days }})
{%- endmacro %}


{% macro day_of_month_start(day) %}{% do return('cast(' ~ dbt.date_trunc('month', day) ~ ' as date)') %}{% endmacro %}

{#- A date some days or months away; months away from the 29th to the 31st end on the last day there is. -#}
{% macro shifted_days(day, count) %}{% do return('cast(' ~ dbt.dateadd('day', count, day) ~ ' as date)' if count != 0 else day) %}{% endmacro %}

{% macro shifted_months(day, count) %}{% do return('cast(' ~ dbt.dateadd('month', count, day) ~ ' as date)' if count != 0 else day) %}{% endmacro %}


{#- Whether a day lies before the end of every period that holds as_of. -#}
{% macro is_within_reach(day) -%}
    ({{ day }} < {{ next_period_start('year', period_start('year', as_of_date())) }}
    or {{ day }} < {{ next_period_start('fiscal_year', period_start('fiscal_year', as_of_date())) }})
{%- endmacro %}
