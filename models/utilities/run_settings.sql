-- One row: the settings that the figures were built with.
select
    {{ as_of_utc() }} as as_of,
    {{ as_of_local() }} as as_of_local,
    {{ as_of_date() }} as as_of_on,
    first_event.first_event_on,
    {{ literal(setting('timezone')) }} as timezone,
    {{ literal(setting('week_start')) }} as week_start,
    {{ setting('fiscal_year_start_month') | int }} as fiscal_year_start_month,
    {{ setting('cohort_window_days') | int }} as cohort_window_days,
    {{ literal(setting('reporting_currency')) }} as reporting_currency,
    {{ literal(setting('source_systems')) }} as source_systems,
    {{ literal(holidays()) }} as holidays,
    {{ setting_date('period_start') }} as period_start,
    {{ setting_date('period_end') }} as period_end
from {{ ref('first_event') }} as first_event
