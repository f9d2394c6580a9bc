{#- The days of windows, and blocks of days: how events find the windows that they lie in. Pure Jinja, like rollup.sql.
    `windows` has window_id, which windows of the same days share; window_start and window_end, dates; and before_at, the
    local time before which the events of its last day count, null where all of them do. -#}

{#- One row per window and day of it. before_at is null on a day that counts whole. -#}
{% macro days_of_windows(windows, calendar_days) -%}
    {{ adapter.dispatch('days_of_windows', 'sales_kpis')(windows, calendar_days) }}
{%- endmacro %}

{% macro default__days_of_windows(windows, calendar_days) -%}
    select
        windows.window_id,
        windows.window_start,
        calendar_days.date_day,
        case
            when calendar_days.date_day = cast(windows.before_at as date) then windows.before_at
        end as before_at
    from (select distinct window_id, window_start, window_end, before_at from {{ windows }}) as windows
    inner join {{ calendar_days }} as calendar_days
        on calendar_days.date_day >= windows.window_start
        and calendar_days.date_day < windows.window_end
        and (windows.before_at is null or cast(calendar_days.date_day as timestamp) < windows.before_at)
{%- endmacro %}


{#- A join by range would look at each day of the calendar for each window. -#}
{% macro spark__days_of_windows(windows, calendar_days) -%}
    select
        window_id,
        window_start,
        date_day,
        case when date_day = cast(before_at as date) then before_at end as before_at
    from (
        select window_id, window_start, before_at, explode(sequence(window_start, date_sub(window_end, 1))) as date_day
        from (select distinct window_id, window_start, window_end, before_at from {{ windows }}) as windows
        where window_start < window_end
    ) as days
    where before_at is null or cast(date_day as timestamp) < before_at
{%- endmacro %}


{#- One row per day with its block: days that no window tells apart, so that each holds all of them or none. A block bears
    its first day. `days` has date_day. -#}
{% macro blocks_of_days(windows, days) -%}
    select
        date_day,
        max(starts_on) over (order by date_day nulls first rows between unbounded preceding and current row) as block_on
    from (
        select date_day, max(starts_on) as starts_on
        from (
            select distinct date_day, cast(null as date) as starts_on from {{ days }}
            {% for column in ['window_start', 'window_end', 'cast(before_at as date)'] -%}
            union all
            select {{ column }}, {{ column }} from {{ windows }}
            {% endfor -%}
        ) as days_and_starts
        where date_day is not null
        group by date_day
    ) as days
{%- endmacro %}
