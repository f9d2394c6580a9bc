-- One row per period and time window: the period itself (own), the one before it (previous) and the same dates a
-- year earlier (year; weeks: 52 weeks). A running period is compared with the same elapsed time from the other's
-- start, never past its end: before_at is the local wall-clock time at which that ends, null where it runs to its end.
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
),

elapsed as (
    select
        *,
        case
            when time_window <> 'own' and cast(period_end as timestamp) > {{ as_of_local() }}
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
