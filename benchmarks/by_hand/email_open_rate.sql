-- email_open_rate: e-mails sent in a period, and what has become of them.
with facts as materialized (
    select
        sent_on as day,
        cast(date_trunc('week', sent_on) as date) as week,
        cast(date_trunc('month', sent_on) as date) as month,
        email_type, campaign, rep, team,
        case when bounced_at < as_of then 1 end as bounced,
        case when delivered_at < as_of then 1 end as delivered,
        case when delivered_at < as_of and first_opened_at < as_of then 1 end as opened,
        case when delivered_at < as_of and first_clicked_at < as_of then 1 end as clicked,
        case when delivered_at < as_of and replied_at < as_of then 1 end as replied
    from fct_emails
    cross join (select as_of from run_settings) as settings
    where is_visible
),

-- A week's days of one month: weeks and months are made of these.
blocks as materialized (
    select
        week, month, 'total' as dimension, 'total' as dimension_value, count(*) as sent, count(bounced) as bounced,
        count(delivered) as delivered, count(opened) as opened, count(clicked) as clicked,
        count(replied) as replied
    from facts group by all
    union all
    select
        week, month, 'email_type', email_type, count(*), count(bounced), count(delivered), count(opened),
        count(clicked), count(replied)
    from facts group by all
    union all
    select
        week, month, 'campaign', campaign, count(*), count(bounced), count(delivered), count(opened),
        count(clicked), count(replied)
    from facts group by all
    union all
    select
        week, month, 'rep', rep, count(*), count(bounced), count(delivered), count(opened), count(clicked),
        count(replied)
    from facts group by all
    union all
    select
        week, month, 'team', team, count(*), count(bounced), count(delivered), count(opened), count(clicked),
        count(replied)
    from facts group by all
),

months as materialized (
    select
        month, dimension, dimension_value, sum(sent) as sent, sum(bounced) as bounced, sum(delivered) as delivered,
        sum(opened) as opened, sum(clicked) as clicked, sum(replied) as replied
    from blocks group by all
),

cells as materialized (
    select
        'day' as grain, day as period_start, 'total' as dimension, 'total' as dimension_value, count(*) as sent,
        count(bounced) as bounced, count(delivered) as delivered, count(opened) as opened,
        count(clicked) as clicked, count(replied) as replied
    from facts group by all
    union all
    select
        'week', week, dimension, dimension_value, sum(sent), sum(bounced), sum(delivered), sum(opened),
        sum(clicked), sum(replied)
    from blocks group by all
    union all
    select 'month', * from months
    union all
    select
        period.grain, period.period_start, dimension, dimension_value, sum(sent), sum(bounced), sum(delivered),
        sum(opened), sum(clicked), sum(replied)
    from months
    inner join periods as period
        on period.grain not in ('day', 'week', 'month')
        and months.month >= period.period_start
        and months.month < period.period_end
    group by all
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(sent, 0) as sent,
        coalesce(bounced, 0) as bounced,
        coalesce(delivered, 0) as delivered,
        coalesce(opened, 0) as opened,
        coalesce(clicked, 0) as clicked,
        coalesce(replied, 0) as replied
    from periods as period
    left join cells as cells
        on period.grain = cells.grain
        and period.period_start = cells.period_start
    where sent > 0 or dimension = 'total' or dimension is null
)

select
    'email_open_rate' as kpi_id,
    'open_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(opened as decimal(38, 14)) as numerator,
    cast(delivered as decimal(38, 14)) as denominator,
    opened / nullif(delivered, 0) as value,
    cast(delivered as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
union all
select
    'email_open_rate' as kpi_id,
    'sent' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(sent as double) as value,
    cast(sent as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
union all
select
    'email_open_rate' as kpi_id,
    'bounce_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(bounced as decimal(38, 14)) as numerator,
    cast(sent as decimal(38, 14)) as denominator,
    bounced / nullif(sent, 0) as value,
    cast(sent as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
union all
select
    'email_open_rate' as kpi_id,
    'click_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(clicked as decimal(38, 14)) as numerator,
    cast(delivered as decimal(38, 14)) as denominator,
    clicked / nullif(delivered, 0) as value,
    cast(delivered as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
union all
select
    'email_open_rate' as kpi_id,
    'reply_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(replied as decimal(38, 14)) as numerator,
    cast(delivered as decimal(38, 14)) as denominator,
    replied / nullif(delivered, 0) as value,
    cast(delivered as bigint) as row_count,
    is_complete,
    is_in_cohort_window as is_provisional
from completed
