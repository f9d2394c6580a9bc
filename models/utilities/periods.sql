-- One row per grain and period that figures are built for: from the one that holds the first event to the one that
-- holds as_of, or those of the asked range, clipped to it, and the range itself. period_end is exclusive. Beside the
-- asked ones stand those that the complete ones among them are compared with (is_asked false): else a scorecard of one
-- month would have nothing to set it beside.
{% set as_of_day = 'cast(' ~ as_of_local() ~ ' as date)' -%}
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
asked_range as (
    select
        first_day as period_start,
        coalesce({{ setting_date('period_end') }}, {{ shifted_days('last_day', 1) }}) as period_end
    from bounds
    where first_day <= last_day
),
{%- endif %}

with_range as (
    select * from clipped
    {% if is_range_asked -%}
        union all
        -- A range that is a whole period of a grain is there already.
        select
            'custom' as grain,
            asked_range.period_start,
            asked_range.period_end,
            asked_range.period_start as whole_start,
            asked_range.period_end as whole_end
        from asked_range
        left join clipped
            on asked_range.period_start = clipped.whole_start
            and asked_range.period_end = clipped.whole_end
        where clipped.grain is null
    {%- endif %}
),

asked as (
    select
        grain,
        period_start,
        period_end,
        period_start = whole_start
        and period_end = whole_end
        and cast(period_end as timestamp) <= {{ as_of_local() }} as is_complete
    from with_range
    where period_start < period_end
),

{% if is_range_asked -%}
-- The period before each complete one, and the same dates a year earlier, as compared_periods has them.
counterparts as (
    {% for grain in grains() -%}
        {% for start in [
            period_start(grain, shifted_days('period_start', -1)),
            shifted_days('period_start', -364) if grain == 'week' else shifted_months('period_start', -12),
        ] -%}
            select
                grain,
                {{ start }} as period_start,
                {{ next_period_start(grain, start) }} as period_end
            from asked
            where grain = '{{ grain }}' and is_complete
            union
        {% endfor -%}
    {% endfor -%}
    select
        grain,
        {{ shifted_days('period_start', '-' ~ dbt.datediff('period_start', 'period_end', 'day')) }} as period_start,
        period_start as period_end
    from asked
    where grain = 'custom' and is_complete
    union
    select
        grain,
        {{ shifted_months('period_start', -12) }} as period_start,
        {{ shifted_days(shifted_months(shifted_days('period_end', -1), -12), 1) }} as period_end
    from asked
    where grain = 'custom' and is_complete
),
{%- endif %}

built as (
    select
        grain,
        period_start,
        period_end,
        is_complete,
        true as is_asked
    from asked
    {% if is_range_asked -%}
        union all
        -- What ends before anything happened is no period of a whole build either.
        select
            counterparts.grain,
            counterparts.period_start,
            counterparts.period_end,
            true as is_complete,
            false as is_asked
        from counterparts
        inner join {{ ref('first_event') }} as first_event
            on counterparts.period_end > first_event.first_event_on
        left join asked
            on counterparts.grain = asked.grain
            and counterparts.period_start = asked.period_start
            and counterparts.period_end = asked.period_end
        where asked.grain is null
    {%- endif %}
)

select
    periods.grain,
    periods.period_start,
    periods.period_end,
    periods.is_asked,
    periods.is_complete,
    cast({{ shifted_days('periods.period_end', setting('cohort_window_days') | int) }} as timestamp)
    > {{ as_of_local() }} as is_in_cohort_window,
    cast({{ day_number('least(periods.period_end, ' ~ as_of_day ~ ')') }} as bigint) as end_day_number, -- noqa: LT05
    ends.month_parts_before - starts.month_parts_before as month_parts,
    ends.selling_days_before - starts.selling_days_before as selling_days
from built as periods
inner join {{ ref('calendar_days') }} as starts
    on periods.period_start = starts.date_day
inner join {{ ref('calendar_days') }} as ends
    on periods.period_end = ends.date_day
