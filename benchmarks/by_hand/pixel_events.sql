-- pixel_events: the funnel from a product seen to one bought. Rates are of distinct sessions.
with facts as materialized (
    select
        occurred_on as day,
        cast(date_trunc('week', occurred_on) as date) as week,
        cast(date_trunc('month', occurred_on) as date) as month,
        channel, campaign, counted_once_by as subject,
        cast(
            case event_name when 'ViewContent' then 1 when 'AddToCart' then 2 when 'InitiateCheckout' then 4 else 8 end
            as utinyint
        ) as seen,
        case when event_name = 'Purchase' then value end as value
    from fct_pixel_events
    where is_visible and event_name in ('ViewContent', 'AddToCart', 'InitiateCheckout', 'Purchase')
),

-- A week's days of one month: weeks and months are made of these.
blocks as materialized (
    select
        week, month, 'total' as dimension, 'total' as dimension_value,
        count(case when seen = 1 then 1 end) as view_content, count(case when seen = 2 then 1 end) as add_to_cart,
        count(case when seen = 4 then 1 end) as initiate_checkout,
        count(case when seen = 8 then 1 end) as purchase, sum(value) as purchase_value,
        count(value) as purchases_with_value
    from facts group by all
    union all
    select
        week, month, 'channel', channel, count(case when seen = 1 then 1 end),
        count(case when seen = 2 then 1 end), count(case when seen = 4 then 1 end),
        count(case when seen = 8 then 1 end), sum(value), count(value)
    from facts group by all
    union all
    select
        week, month, 'campaign', campaign, count(case when seen = 1 then 1 end),
        count(case when seen = 2 then 1 end), count(case when seen = 4 then 1 end),
        count(case when seen = 8 then 1 end), sum(value), count(value)
    from facts group by all
),

months as materialized (
    select
        month, dimension, dimension_value, sum(view_content) as view_content, sum(add_to_cart) as add_to_cart,
        sum(initiate_checkout) as initiate_checkout, sum(purchase) as purchase,
        sum(purchase_value) as purchase_value, sum(purchases_with_value) as purchases_with_value
    from blocks group by all
),

cells as materialized (
    select
        'day' as grain, day as period_start, 'total' as dimension, 'total' as dimension_value,
        count(case when seen = 1 then 1 end) as view_content, count(case when seen = 2 then 1 end) as add_to_cart,
        count(case when seen = 4 then 1 end) as initiate_checkout,
        count(case when seen = 8 then 1 end) as purchase, sum(value) as purchase_value,
        count(value) as purchases_with_value
    from facts group by all
    union all
    select
        'week', week, dimension, dimension_value, sum(view_content), sum(add_to_cart), sum(initiate_checkout),
        sum(purchase), sum(purchase_value), sum(purchases_with_value)
    from blocks group by all
    union all
    select 'month', * from months
    union all
    select
        period.grain, period.period_start, dimension, dimension_value, sum(view_content), sum(add_to_cart),
        sum(initiate_checkout), sum(purchase), sum(purchase_value), sum(purchases_with_value)
    from months
    inner join periods as period
        on period.grain not in ('day', 'week', 'month')
        and months.month >= period.period_start
        and months.month < period.period_end
    group by all
),

-- A fiscal quarter that is a quarter is counted once.
bridge as materialized (
    select distinct period.period_start, period.period_end, month.period_start as month
    from periods as period
    inner join periods as month
        on month.grain = 'month'
        and month.period_start >= period.period_start
        and month.period_start < period.period_end
    where period.grain not in ('day', 'week', 'month')
),

-- Distinct sessions by what they have seen: bit 0 a product, 1 the cart, 2 the checkout, 3 the purchase.
sessions as (
    select
        day as period_start, day + 1 as period_end, 'total' as dimension, 'total' as dimension_value,
        seen, count(*) as sessions
    from (select day, subject, bit_or(seen) as seen from facts group by all) as subjects group by all
    union all
    select week, week + 7, 'total', 'total', seen, count(*)
    from (select week, subject, bit_or(seen) as seen from facts group by all) as subjects group by all
    union all
    select week, week + 7, 'channel', channel, seen, count(*)
    from (select week, channel, subject, bit_or(seen) as seen from facts group by all) as subjects group by all
    union all
    select week, week + 7, 'campaign', campaign, seen, count(*)
    from (select week, campaign, subject, bit_or(seen) as seen from facts group by all) as subjects group by all
    union all
    select month, cast(month + interval 1 month as date), 'total', 'total', seen, count(*)
    from (select month, subject, bit_or(seen) as seen from facts group by all) as subjects group by all
    union all
    select month, cast(month + interval 1 month as date), 'channel', channel, seen, count(*)
    from (select month, channel, subject, bit_or(seen) as seen from facts group by all) as subjects group by all
    union all
    select month, cast(month + interval 1 month as date), 'campaign', campaign, seen, count(*)
    from (select month, campaign, subject, bit_or(seen) as seen from facts group by all) as subjects group by all
    union all
    select period_start, period_end, 'total', 'total', seen, count(*)
    from (
        select period_start, period_end, subject, bit_or(seen) as seen
        from facts inner join bridge using (month) group by all
    ) as subjects group by all
    union all
    select period_start, period_end, 'channel', channel, seen, count(*)
    from (
        select period_start, period_end, channel, subject, bit_or(seen) as seen
        from facts inner join bridge using (month) group by all
    ) as subjects group by all
    union all
    select period_start, period_end, 'campaign', campaign, seen, count(*)
    from (
        select period_start, period_end, campaign, subject, bit_or(seen) as seen
        from facts inner join bridge using (month) group by all
    ) as subjects group by all
),

distinct_cells as materialized (
    select
        period_start, period_end, dimension, dimension_value,
        sum(case when seen & 1 > 0 then sessions end) as viewed,
        sum(case when seen & 3 = 3 then sessions end) as added_of_viewed,
        sum(case when seen & 2 > 0 then sessions end) as added,
        sum(case when seen & 6 = 6 then sessions end) as checked_out_of_added,
        sum(case when seen & 4 > 0 then sessions end) as checked_out,
        sum(case when seen & 12 = 12 then sessions end) as bought_of_checked_out
    from sessions group by all
),

-- Where anything happened, the total did; so what has no cell is an empty period.
completed as materialized (
    select
        period.*,
        coalesce(dimension, 'total') as dimension,
        coalesce(dimension_value, 'total') as dimension_value,
        coalesce(view_content, 0) as view_content,
        coalesce(add_to_cart, 0) as add_to_cart,
        coalesce(initiate_checkout, 0) as initiate_checkout,
        coalesce(purchase, 0) as purchase,
        coalesce(purchase_value, 0) as purchase_value,
        coalesce(purchases_with_value, 0) as purchases_with_value,
        coalesce(viewed, 0) as viewed,
        coalesce(added_of_viewed, 0) as added_of_viewed,
        coalesce(added, 0) as added,
        coalesce(checked_out_of_added, 0) as checked_out_of_added,
        coalesce(checked_out, 0) as checked_out,
        coalesce(bought_of_checked_out, 0) as bought_of_checked_out
    from periods as period
    left join cells using (grain, period_start)
    left join distinct_cells using (period_start, period_end, dimension, dimension_value)
    where view_content + add_to_cart + initiate_checkout + purchase > 0 or dimension = 'total' or dimension is null
)

select
    'pixel_events' as kpi_id,
    'purchase_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(bought_of_checked_out as decimal(38, 14)) as numerator,
    cast(checked_out as decimal(38, 14)) as denominator,
    bought_of_checked_out / nullif(checked_out, 0) as value,
    cast(checked_out as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'pixel_events' as kpi_id,
    'add_to_cart_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(added_of_viewed as decimal(38, 14)) as numerator,
    cast(viewed as decimal(38, 14)) as denominator,
    added_of_viewed / nullif(viewed, 0) as value,
    cast(viewed as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'pixel_events' as kpi_id,
    'checkout_rate' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(checked_out_of_added as decimal(38, 14)) as numerator,
    cast(added as decimal(38, 14)) as denominator,
    checked_out_of_added / nullif(added, 0) as value,
    cast(added as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'pixel_events' as kpi_id,
    'view_content' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(view_content as double) as value,
    cast(view_content as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'pixel_events' as kpi_id,
    'add_to_cart' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(add_to_cart as double) as value,
    cast(add_to_cart as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'pixel_events' as kpi_id,
    'initiate_checkout' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(initiate_checkout as double) as value,
    cast(initiate_checkout as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'pixel_events' as kpi_id,
    'purchase' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(purchase as double) as value,
    cast(purchase as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
union all
select
    'pixel_events' as kpi_id,
    'purchase_value' as measure,
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    cast(null as decimal(38, 14)) as numerator,
    cast(null as decimal(38, 14)) as denominator,
    cast(purchase_value as double) as value,
    cast(purchases_with_value as bigint) as row_count,
    is_complete,
    false as is_provisional
from completed
