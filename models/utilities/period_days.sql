-- One row per period, time window and day of it: the bridge from events to periods. before_at is null on a day that
-- counts whole, else the local wall-clock time before which its events count.
{{ days_of_windows(ref('compared_periods'), ref('calendar_days')) }}
