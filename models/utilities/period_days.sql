-- One row per period, time window and day of it: the bridge from events to periods. before_at is null on a day that
-- counts whole, else the local wall-clock time before which its events count.
select
    compared_periods.time_window,
    compared_periods.grain,
    compared_periods.period_start,
    compared_periods.period_end,
    calendar_days.date_day,
    case
        when calendar_days.date_day = cast(compared_periods.before_at as date) then compared_periods.before_at
    end as before_at
from {{ ref('compared_periods') }} as compared_periods
inner join {{ ref('calendar_days') }} as calendar_days
    on calendar_days.date_day >= compared_periods.window_start
    and calendar_days.date_day < compared_periods.window_end
    and (compared_periods.before_at is null or cast(calendar_days.date_day as timestamp) < compared_periods.before_at)
