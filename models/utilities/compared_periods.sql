-- One row per period and time window: the period itself (own), the one before it (previous) and the same dates a
-- year earlier (year; weeks: 52 weeks). A running period is compared with the same elapsed time from the other's
-- start, never past its end: before_at is the local wall-clock time at which that ends, null where it runs to its end.
-- step_1 to step_12 are the 12 monthly steps back from the period's end, in a running one from the day after as_of's.
with windows as (
    select
        'own' as time_window,
        grain,
        period_start,
        period_end,
        period_start as window_start,
        period_end as window_end
    from {{ ref('periods') }}
    union all
    {% for grain in grains() -%}
        select
            'previous' as time_window,
            grain,
            period_start,
            period_end,
            case
                when
                    {{ period_start(grain, 'period_start') }} = period_start
                    and {{ next_period_start(grain, 'period_start') }} = period_end
                    then {{ period_start(grain, shifted_days('period_start', -1)) }}
                else {{ shifted_days('period_start', '-' ~ dbt.datediff('period_start', 'period_end', 'day')) }}
            end as window_start,
            period_start as window_end
        from {{ ref('periods') }}
        where grain = '{{ grain }}'
        union all
    {% endfor -%}
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
            when grain = 'day' then {{ shifted_days(shifted_months('period_start', -12), 1) }}
            else {{ shifted_months('period_end', -12) }}
        end as window_end
    from {{ ref('periods') }}
    {% for step in range(1, 13) -%}
        union all
        select
            'step_{{ step }}' as time_window,
            grain,
            period_start,
            period_end,
            {{ shifted_months(day_after_last('period_end'), -step) }} as window_start,
            {{ shifted_months(day_after_last('period_end'), 1 - step) }} as window_end
        from {{ ref('periods') }}
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
)

select
    time_window,
    grain,
    period_start,
    period_end,
    window_start,
    window_end,
    case when elapsed_until < cast(window_end as timestamp) then elapsed_until end as before_at
from elapsed
