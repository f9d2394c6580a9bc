-- One row per day of the calendar.
select date_day from main.calendar_days
