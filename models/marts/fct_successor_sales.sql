-- One row per new product that replaces one that had been sold long enough, as it is launched (launch, with what the
-- predecessor sold in the three full months before the launch month), and per line of an order of either (new, old).
-- The loss of a predecessor of several new products belongs to the one that was launched first.
with lines as (
    select * from {{ ref('fct_order_lines') }}
    where is_visible and product_id is not null
),

launches as (
    select
        *,
        row_number() over (
            partition by source_system, predecessor_product_id order by launched_on, product_id
        ) = 1 as takes_the_loss,
        {{ day_of_month_start('launched_on') }} as launch_month,
        {{ shifted_months(day_of_month_start('launched_on'), -3) }} as baseline_from,
        {{ shifted_months(day_of_month_start('launched_on'), -2) }} as known_before
    from {{ ref('dim_products') }}
    where predecessor_product_id is not null and launched_on is not null
),

baselines as (
    select
        launches.source_system,
        launches.product_id,
        launches.product,
        launches.predecessor_product_id,
        launches.launched_on,
        launches.takes_the_loss,
        coalesce(sum(case
            when lines.ordered_on >= launches.baseline_from and lines.ordered_on < launches.launch_month
                then lines.revenue
        end), 0) as three_months_revenue,
        coalesce(sum(case
            when lines.ordered_on >= launches.baseline_from and lines.ordered_on < launches.launch_month
                then lines.quantity
        end), 0) as three_months_units
    from launches
    inner join lines
        on launches.source_system = lines.source_system
        and launches.predecessor_product_id = lines.product_id
    where launches.launched_on <= {{ as_of_date() }}
    group by
        launches.source_system, launches.product_id, launches.product, launches.predecessor_product_id,
        launches.launched_on, launches.takes_the_loss, launches.known_before
    having min(lines.ordered_on) < launches.known_before
)

select
    source_system,
    product_id,
    product,
    'launch' as part,
    cast(null as {{ dbt.type_string() }}) as order_line_id,
    cast(null as timestamp) as ordered_at,
    cast(null as date) as ordered_on,
    launched_on,
    case when takes_the_loss then three_months_revenue end as revenue,
    cast(case when takes_the_loss then three_months_units end as decimal(38, 4)) as units
from baselines
union all
select
    baselines.source_system,
    baselines.product_id,
    baselines.product,
    'new' as part,
    lines.order_line_id,
    lines.ordered_at,
    lines.ordered_on,
    null as launched_on,
    lines.revenue,
    lines.quantity as units
from baselines
inner join lines
    on baselines.source_system = lines.source_system
    and baselines.product_id = lines.product_id
union all
select
    baselines.source_system,
    baselines.product_id,
    baselines.product,
    'old' as part,
    lines.order_line_id,
    lines.ordered_at,
    lines.ordered_on,
    null as launched_on,
    lines.revenue,
    lines.quantity as units
from baselines
inner join lines
    on baselines.source_system = lines.source_system
    and baselines.predecessor_product_id = lines.product_id
where baselines.takes_the_loss
