-- One row per window and day of it: where events find the windows that they lie in. before_at is null on a day that counts
-- whole, else the local wall-clock time before which its events count.
{{ days_of_windows(ref('compared_periods'), ref('calendar_days')) }}
