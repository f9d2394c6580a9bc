-- One row per grain and period that figures are built for: from the one that holds the first event to the one that
-- holds as_of, or those of the asked range, clipped to it, and the range itself. period_end is exclusive.
{% set is_range_asked = setting('period_start') is not none or setting('period_end') is not none -%}
with bounds as (
    select
        coalesce({{ setting_date('period_start') }}, first_event_on) as first_day,
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
            and calendar_days.date_day >= {{ period_start(grain, 'bounds.first_day') }}
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
),

{% if is_range_asked -%}
asked as (
    select
        first_day as period_start,
        coalesce({{ setting_date('period_end') }}, {{ shifted_days('last_day', 1) }}) as period_end
    from bounds
    where first_day <= last_day
),
{%- endif %}

with_asked as (
    select * from clipped
    {% if is_range_asked -%}
        union all
        -- A range that is a whole period of a grain is there already.
        select
            'custom' as grain,
            asked.period_start,
            asked.period_end,
            asked.period_start as whole_start,
            asked.period_end as whole_end
        from asked
        left join clipped
            on asked.period_start = clipped.whole_start
            and asked.period_end = clipped.whole_end
        where clipped.grain is null
    {%- endif %}
)

select
    periods.grain,
    periods.period_start,
    periods.period_end,
    periods.period_start = periods.whole_start
    and periods.period_end = periods.whole_end
    and cast(periods.period_end as timestamp) <= {{ as_of_local() }} as is_complete,
    cast({{ shifted_days('periods.period_end', setting('cohort_window_days') | int) }} as timestamp)
    > {{ as_of_local() }} as is_in_cohort_window,
    cast({{ day_number("least(periods.period_end, cast(" ~ as_of_local() ~ " as date))") }} as bigint) as end_day_number,
    ends.month_parts_before - starts.month_parts_before as month_parts,
    ends.selling_days_before - starts.selling_days_before as selling_days
from with_asked as periods
inner join {{ ref('calendar_days') }} as starts
    on periods.period_start = starts.date_day
inner join {{ ref('calendar_days') }} as ends
    on periods.period_end = ends.date_day
where periods.period_start < periods.period_end
