-- One row per day of every month that has a quota.
with months as (
    select
        min(month) as first_month,
        max(month) as last_month
    from {{ kept('quotas') }} as quotas
),

days as (
    {{ generate_days(
        '(select first_month from months)',
        '(select ' ~ dbt.dateadd('day', -1, dbt.dateadd('month', 1, 'last_month')) ~ ' from months)'
    ) }}
)

select
    cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month,
    date_day
from days
where date_day is not null
