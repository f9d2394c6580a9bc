-- lead_response_time: of the leads created in a period, the hours until they were first contacted.
with facts as materialized (
    select
        created_on as day, rep, team, channel,
        case when first_contact_at < as_of then
            cast(
                cast(greatest(date_diff('microsecond', created_at, first_contact_at), 0) as double) / 3600000000
                as decimal(38, 20)
            )
        end as hours,
        case when first_contact_at < as_of then null else 1 end as unanswered,
        case when first_contact_at < as_of or created_at + interval 24 hours <= as_of then 1 end as judged,
        case
            when first_contact_at < as_of and first_contact_at <= created_at + interval 24 hours then 1
        end as within_sla
    from fct_leads
    cross join (select as_of from run_settings) as settings
    where is_visible
),

-- A fiscal quarter that is a quarter is worked out once.
bridge as (
    select period_start, period_end, date_day
    from window_days
    inner join (
        select distinct window_id, period_start, period_end
        from compared_periods
        where time_window = 'own' and grain <> 'day'
    ) as own_windows using (window_id)
),

met as materialized (
    select bridge.period_start, bridge.period_end, facts.*
    from facts
    inner join bridge on facts.day = bridge.date_day
),

cells as materialized (
    select
        period_start, period_end, 'total' as dimension, 'total' as dimension_value, sum(hours) as hours,
        count(hours) as answered, count(unanswered) as unanswered, count(judged) as judged,
        count(within_sla) as within_sla, quantile_cont(cast(hours as double), [0.5, 0.9]) as percentiles
    from met group by all
    union all
    select
        period_start, period_end, 'rep', rep, sum(hours), count(hours), count(unanswered), count(judged),
        count(within_sla), quantile_cont(cast(hours as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'team', team, sum(hours), count(hours), count(unanswered), count(judged),
        count(within_sla), quantile_cont(cast(hours as double), [0.5, 0.9])
    from met group by all
    union all
    select
        period_start, period_end, 'channel', channel, sum(hours), count(hours), count(unanswered), count(judged),
        count(within_sla), quantile_cont(cast(hours as double), [0.5, 0.9])
    from met group by all
    union all
    select
        day, day + 1, 'total', 'total', sum(hours), count(hours), count(unanswered), count(judged),
        count(within_sla), quantile_cont(cast(hours as double), [0.5, 0.9])
    from facts group by all
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(hours, 0) as hours,
        coalesce(answered, 0) as answered,
        coalesce(unanswered, 0) as unanswered,
        coalesce(judged, 0) as judged,
        coalesce(within_sla, 0) as within_sla,
        percentiles
    from periods as period
    left join cells as cells
        on period.period_start = cells.period_start
        and period.period_end = cells.period_end
    where answered + unanswered + judged > 0 or dimension = 'total' or dimension is null
)

select
    'lead_response_time' as kpi_id,
    'median_hours' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    percentiles[1] as value,
    cast(answered as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
union all
select
    'lead_response_time' as kpi_id,
    'mean_hours' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(hours as decimal(38, 14)) as numerator,
    cast(answered as decimal(38, 14)) as denominator,
    cast(hours as double) / nullif(answered, 0) as value,
    cast(answered as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
union all
select
    'lead_response_time' as kpi_id,
    'p90_hours' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    percentiles[2] as value,
    cast(answered as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
union all
select
    'lead_response_time' as kpi_id,
    'within_sla_share' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(within_sla as decimal(38, 14)) as numerator,
    cast(judged as decimal(38, 14)) as denominator,
    within_sla / nullif(judged, 0) as value,
    cast(judged as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
union all
select
    'lead_response_time' as kpi_id,
    'unanswered' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(unanswered as double) as value,
    cast(unanswered as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
