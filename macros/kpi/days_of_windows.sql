{#- The bridge from events to periods: one row per period, time window and day of it. Pure Jinja, like rollup.sql.
    `windows` has window_id, by which its days are found faster than by names and dates; window_start and window_end,
    dates; and before_at, the local time before which the events of its last day count, null where all of them do. -#}
{% macro days_of_windows(windows, calendar_days) -%}
    {{ adapter.dispatch('days_of_windows', 'sales_kpis')(windows, calendar_days) }}
{%- endmacro %}

{% macro default__days_of_windows(windows, calendar_days) -%}
    select
        windows.window_id,
        windows.time_window,
        windows.grain,
        windows.period_start,
        windows.period_end,
        windows.window_start,
        calendar_days.date_day,
        case
            when calendar_days.date_day = cast(windows.before_at as date) then windows.before_at
        end as before_at
    from {{ windows }} as windows
    inner join {{ calendar_days }} as calendar_days
        on calendar_days.date_day >= windows.window_start
        and calendar_days.date_day < windows.window_end
        and (windows.before_at is null or cast(calendar_days.date_day as timestamp) < windows.before_at)
{%- endmacro %}


{#- A join by range would look at each day of the calendar for each window. -#}
{% macro spark__days_of_windows(windows, calendar_days) -%}
    select
        window_id,
        time_window,
        grain,
        period_start,
        period_end,
        window_start,
        date_day,
        case when date_day = cast(before_at as date) then before_at end as before_at
    from (
        select *, explode(sequence(window_start, date_sub(window_end, 1))) as date_day
        from {{ windows }}
        where window_start < window_end
    ) as days
    where before_at is null or cast(date_day as timestamp) < before_at
{%- endmacro %}
