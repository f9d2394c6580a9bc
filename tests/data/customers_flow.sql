-- Customers at a period's start + new ones − lost ones = customers at its end, in all and by segment, rep and team.
-- Those at the start are the ones at the end of the period before, and each of them is kept or lost.
{% set dimensions = {'total': "'total'", 'segment': 'segment', 'rep': 'rep', 'team': 'team'} -%}
with lifetimes as (
    select * from {{ ref('fct_customer_lifetimes') }}
),

periods as (
    select * from {{ ref('periods') }}
),

-- Customers at the end who were none at the start.
newcomers as (
    select
        periods.grain,
        periods.period_start,
        periods.period_end,
        lifetimes.segment,
        lifetimes.rep,
        lifetimes.team
    from periods
    inner join lifetimes
        on periods.period_start <= lifetimes.active_from_on
        and periods.period_end > lifetimes.active_from_on
        and (lifetimes.active_to_on is null or periods.period_end <= lifetimes.active_to_on)
    left join lifetimes as earlier
        on lifetimes.source_system = earlier.source_system
        and lifetimes.account_id = earlier.account_id
        and periods.period_start > earlier.active_from_on
        and (earlier.active_to_on is null or periods.period_start <= earlier.active_to_on)
    where earlier.account_id is null
),

-- Customers at a day's start: of a day that ends two periods (a whole one, and one that the asked range cuts) once.
ends as (
    select distinct
        grain,
        period_end,
        dimension,
        dimension_value,
        value
    from {{ ref('active_customers') }}
),

lines as (
    {% for dimension, slice in dimensions.items() -%}
        select
            grain,
            period_start,
            period_end,
            '{{ dimension }}' as dimension,
            {{ slice }} as dimension_value,
            'new' as part,
            1 as customers
        from newcomers
        union all
    {% endfor -%}
    select
        grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        'at_end' as part,
        value as customers
    from {{ ref('active_customers') }}
    union all
    select
        periods.grain,
        periods.period_start,
        periods.period_end,
        ends.dimension,
        ends.dimension_value,
        'at_end_before' as part,
        ends.value as customers
    from periods
    inner join ends
        on periods.grain = ends.grain
        and periods.period_start = ends.period_end
    union all
    select
        grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        'at_start' as part,
        denominator as customers
    from {{ ref('customer_retention') }}
    where measure = 'retention_rate'
    union all
    select
        grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        'kept' as part,
        numerator as customers
    from {{ ref('customer_retention') }}
    where measure = 'retention_rate'
    union all
    select
        grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        'lost' as part,
        value as customers
    from {{ ref('churn_by_rep') }}
    where measure = 'churned'
),

flows as (
    select
        grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        sum(case when part = 'at_start' then customers else 0 end) as at_start,
        sum(case when part = 'new' then customers else 0 end) as new,
        sum(case when part = 'kept' then customers else 0 end) as kept,
        sum(case when part = 'lost' then customers else 0 end) as lost,
        sum(case when part = 'at_end' then customers else 0 end) as at_end,
        sum(case when part = 'at_end_before' then customers else 0 end) as at_end_before
    from lines
    group by grain, period_start, period_end, dimension, dimension_value
),

-- What the grid holds: slices of a grain that are not built ahead have no figures to check.
built as (
    select distinct
        grain,
        dimension
    from {{ ref('active_customers') }}
),

-- Who was a customer before the first period is nowhere told.
with_predecessor as (
    select distinct
        periods.grain,
        periods.period_start
    from periods
    inner join periods as before
        on periods.grain = before.grain
        and periods.period_start = before.period_end
)

select flows.*
from flows
inner join built
    on flows.grain = built.grain
    and flows.dimension = built.dimension
left join with_predecessor
    on flows.grain = with_predecessor.grain
    and flows.period_start = with_predecessor.period_start
where
    not exists (
        select 1
        from {{ ref('unavailable_measures') }} as unavailable
        where
            unavailable.kpi_id in ('active_customers', 'customer_retention', 'churn_by_rep')
            and unavailable.measure in ('active_customers', 'retention_rate', 'churned')
            and (unavailable.dimension is null or unavailable.dimension = flows.dimension)
    )
    and (
        flows.at_start + flows.new - flows.lost <> flows.at_end
        or flows.kept + flows.lost <> flows.at_start
        or (with_predecessor.grain is not null and flows.at_end_before <> flows.at_start)
    )
