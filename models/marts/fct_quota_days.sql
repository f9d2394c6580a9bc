-- One row per quota and local day of its month: the month's target, in the reporting currency at the rate of its
-- first day, spread evenly over the days. A whole month adds up to the target exactly, and any range of days does in
-- target_parts.
with quotas as (
    select
        *,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as next_month
    from {{ kept('quotas') }} as quotas
),

priced as (
    select
        quotas.*,
        {{ dbt.datediff('quotas.month', 'quotas.next_month', 'day') }} as days_of_month, -- noqa: LT05
        case
            when quotas.kind = 'revenue'
                then {{ converted('quotas.target', 'quotas.currency', 'rates', 'quotas.month') }}
            else quotas.target
        end as converted_target
    from quotas
    {{ joined_rate('rates', 'quotas.currency', 'quotas.month') }}
    -- A quota that no running period reaches may still lack its rate: it has no days until then.
    where {{ is_within_reach('quotas.month') }} or {{ has_rate('quotas.currency', 'rates') }}
),

days as (
    select
        priced.*,
        calendar.date_day,
        {{ dbt.datediff('priced.month', 'calendar.date_day', 'day') }} as days_before -- noqa: LT05
    from priced
    inner join {{ ref('int_quota_calendar') }} as calendar
        on priced.month = calendar.month
),

reps as (
    select * from {{ ref('dim_reps') }}
),

delivered as (
    select * from {{ ref('int_delivered_entities') }}
)

select
    days.source_system,
    days.row_key as quota_key,
    days.kind,
    days.month,
    days.date_day,
    days.rep_id,
    case
        when days.rep_id is not null then {{ label_of_key('days.rep_id', 'reps.rep', 'delivered.has_reps') }}
    end as rep,
    case
        when days.rep_id is null then days.team
        else {{ label_of_attribute('days.rep_id', 'reps.team', 'reps.rep_id') }}
    end as team,
    cast(
        {{ target_so_far('days.converted_target', 'days.days_before + 1', 'days.days_of_month') }}
        - {{ target_so_far('days.converted_target', 'days.days_before', 'days.days_of_month') }}
        as {{ money_type() }}
    ) as target,
    cast({{ spread_target('days.converted_target', '1', 'days.days_of_month') }} as decimal(38, 14)) as target_parts
from days
left join reps
    on days.source_system = reps.source_system
    and days.rep_id = reps.rep_id
left join delivered
    on days.source_system = delivered.source_system
