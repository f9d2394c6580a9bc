-- One row per period and time window: the period itself (own), the one before it (previous) and the same dates a
-- year earlier (year; weeks: 52 weeks). Of a period that the asked range cuts, the one before is cut at the same
-- distances from its start. A running period is compared with the same elapsed time from the other's start, never
-- past its end: before_at is the local wall-clock time at which that ends, null where it runs to its end.
-- step_1 to step_12 are the 12 monthly steps back from the period's end, in a running one from the day after as_of's.
with periods as (
    {% for grain in grains() -%}
        {% set whole_start = period_start(grain, 'period_start') -%}
        select
            grain,
            period_start,
            period_end,
            {{ whole_start }} as whole_start,
            {{ next_period_start(grain, whole_start) }} as whole_end,
            {{ period_start(grain, shifted_days(whole_start, -1)) }} as previous_start
        from {{ ref('periods') }}
        where grain = '{{ grain }}'
        union all
    {% endfor -%}
    select
        grain,
        period_start,
        period_end,
        period_start as whole_start,
        period_end as whole_end,
        {{ shifted_days('period_start', '-' ~ dbt.datediff('period_start', 'period_end', 'day')) }} as previous_start
    from {{ ref('periods') }}
    where grain = 'custom'
),

measured as (
    select
        *,
        {{ dbt.datediff('whole_start', 'period_start', 'day') }} as days_to_start, -- noqa: LT05
        {{ dbt.datediff('whole_start', 'period_end', 'day') }} as days_to_end -- noqa: LT05
    from periods
),

previous_cut as (
    select
        *,
        least(
            {{ shifted_days('previous_start', 'days_to_start') }}, {{ shifted_days('whole_start', -1) }}
        ) as window_start,
        case
            when period_end = whole_end then whole_start
            else least({{ shifted_days('previous_start', 'days_to_end') }}, whole_start)
        end as window_end
    from measured
),

windows as (
    select
        'own' as time_window,
        grain,
        period_start,
        period_end,
        period_start as window_start,
        period_end as window_end
    from periods
    union all
    select
        'previous' as time_window,
        grain,
        period_start,
        period_end,
        window_start,
        greatest(window_end, {{ shifted_days('window_start', 1) }}) as window_end
    from previous_cut
    union all
    select
        'year' as time_window,
        grain,
        period_start,
        period_end,
        case
            when grain = 'week' then {{ shifted_days('period_start', -364) }}
            else {{ shifted_months('period_start', -12) }}
        end as window_start,
        case
            when grain = 'week' then {{ shifted_days('period_end', -364) }}
            when grain not in ('day', 'custom') and period_end = whole_end then {{ shifted_months('period_end', -12) }}
            else {{ shifted_days(shifted_months(shifted_days('period_end', -1), -12), 1) }}
        end as window_end
    from periods
    {% for step in range(1, 13) -%}
        union all
        select
            'step_{{ step }}' as time_window,
            grain,
            period_start,
            period_end,
            {{ shifted_months(day_after_last('period_end'), -step) }} as window_start,
            {{ shifted_months(day_after_last('period_end'), 1 - step) }} as window_end
        from periods
    {% endfor %}
),

elapsed as (
    select
        *,
        case
            when time_window in ('previous', 'year') and cast(period_end as timestamp) > {{ as_of_local() }}
                then cast(window_start as timestamp) + ({{ as_of_local() }} - cast(period_start as timestamp))
        end as elapsed_until
    from windows
),

cut as (
    select
        *,
        case when elapsed_until < cast(window_end as timestamp) then elapsed_until end as before_at
    from elapsed
)

select
    cast(dense_rank() over (order by window_start, window_end, before_at) as integer) as window_id,
    time_window,
    grain,
    period_start,
    period_end,
    window_start,
    window_end,
    before_at
from cut
