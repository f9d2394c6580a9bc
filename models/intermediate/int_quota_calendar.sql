-- One row per day of every month that has a quota, and of those between.
with months as (
    select
        min(month) as first_month,
        max(month) as last_month
    from {{ kept('quotas') }} as quotas
)

select
    cast({{ dbt.date_trunc('month', 'calendar.date_day') }} as date) as month,
    calendar.date_day
from {{ ref('calendar_days') }} as calendar
inner join months
    on calendar.date_day >= months.first_month
    and calendar.date_day < {{ dbt.dateadd('month', 1, 'months.last_month') }}
