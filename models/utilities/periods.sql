-- One row per grain and period that figures are built for: from the one that holds the first event to the one that
-- holds as_of, or those that overlap the asked range, clipped to it. period_end is exclusive.
with bounds as (
    select
        first_event_on,
        {{ as_of_date() }} as last_day
    from {{ ref('first_event') }}
),

started as (
    {% for grain in grains() -%}
        select
            '{{ grain }}' as grain,
            calendar_days.date_day as whole_start,
            {{ next_period_start(grain, 'calendar_days.date_day') }} as whole_end
        from {{ ref('calendar_days') }} as calendar_days
        cross join bounds
        where
            calendar_days.date_day = {{ period_start(grain, 'calendar_days.date_day') }}
            and calendar_days.date_day >= {{ period_start(grain, 'bounds.first_event_on') }}
            and calendar_days.date_day <= bounds.last_day
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

clipped as (
    select
        grain,
        greatest(whole_start, coalesce({{ setting_date('period_start') }}, whole_start)) as period_start,
        least(whole_end, coalesce({{ setting_date('period_end') }}, whole_end)) as period_end,
        whole_start,
        whole_end
    from started
)

select
    clipped.grain,
    clipped.period_start,
    clipped.period_end,
    clipped.period_start = clipped.whole_start
    and clipped.period_end = clipped.whole_end
    and cast(clipped.period_end as timestamp) <= {{ as_of_local() }} as is_complete,
    cast({{ shifted_days('clipped.period_end', var('cohort_window_days') | int) }} as timestamp)
    > {{ as_of_local() }} as is_in_cohort_window,
    cast({{ day_number(shifted_days(day_after_last('clipped.period_end'), -1)) }} as bigint) as last_day_number,
    count(calendar_days.date_day) as selling_days
from clipped
left join {{ ref('calendar_days') }} as calendar_days
    on clipped.period_start <= calendar_days.date_day
    and clipped.period_end > calendar_days.date_day
    and calendar_days.is_selling_day
where clipped.period_start < clipped.period_end
group by clipped.grain, clipped.period_start, clipped.period_end, clipped.whole_start, clipped.whole_end
