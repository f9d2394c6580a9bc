-- A quota is spread over every day of its month, and the days add up to its target exactly: a revenue target in the
-- reporting currency at the rate of the month's first day, a number of leads as it is.
with quotas as (
    select
        quotas.source_system,
        quotas.quota_key,
        {{ dbt.datediff('quotas.month', dbt.dateadd('month', 1, 'quotas.month'), 'day') }} as days_of_month,
        case
            when quotas.kind = 'revenue' then {{ converted('quotas.target', 'quotas.currency', 'rates', 'quotas.month') }}
            else quotas.target
        end as target
    from {{ ref('fct_quotas') }} as quotas
    {{ joined_rate('rates', 'quotas.currency', 'quotas.month') }}
),

spread as (
    select
        source_system,
        quota_key,
        count(*) as days,
        count(case when cast({{ dbt.date_trunc('month', 'date_day') }} as date) <> month then 1 end) as days_elsewhere,
        sum(target) as target
    from {{ ref('fct_quota_days') }}
    group by source_system, quota_key
)

select
    quotas.*,
    spread.days,
    spread.target as spread_target
from quotas
left join spread
    on quotas.source_system = spread.source_system
    and quotas.quota_key = spread.quota_key
where
    coalesce(spread.days, 0) <> quotas.days_of_month
    or spread.days_elsewhere > 0
    or spread.target <> quotas.target
