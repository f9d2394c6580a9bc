-- A quota is spread over every day of its month, and the days add up to its target exactly: a revenue target in the
-- reporting currency at the rate of the month's first day, a number of leads as it is. A quota beyond the running
-- periods that lacks its rate has no days.
with months as (
    select
        *,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as next_month
    from {{ ref('fct_quotas') }}
),

quotas as (
    select
        months.source_system,
        months.quota_key,
        {{ dbt.datediff('months.month', 'months.next_month', 'day') }} as days_of_month, -- noqa: LT05
        case
            when months.kind <> 'revenue' then months.target
            else {{ converted('months.target', 'months.currency', 'rates', 'months.month') }}
        end as target
    from months
    {{ joined_rate('rates', 'months.currency', 'months.month') }}
    where {{ is_within_reach('months.month') }} or {{ has_rate('months.currency', 'rates') }}
),

spread as (
    select
        source_system,
        quota_key,
        count(*) as days,
        sum(case when date_day < month or date_day >= next_month then 1 else 0 end) as days_elsewhere,
        sum(target) as target
    from (
        select
            *,
            cast({{ dbt.dateadd('month', 1, 'month') }} as date) as next_month
        from {{ ref('fct_quota_days') }}
    ) as quota_days
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
