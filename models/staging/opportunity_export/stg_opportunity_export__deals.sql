-- One row per opportunity of the export; Engaging from engage_date, Won or Lost at close_date.
--
-- An open opportunity has no close_value: downstream it is worth its product's list price. A close_value
-- is known once the opportunity is closed, so one that closes at or after as_of has none yet; and a Lost
-- one's 0 says that nothing was sold, not that the deal was worth nothing, so it is null.
--
-- A Prospecting opportunity has no date at all. It was open when the export was made, so it counts as
-- created on the export's last date, as a repair; and so is a product found under another spelling.
with opportunities as (
    {{ read_delivery('sales_pipeline.csv', [
        'opportunity_id', 'sales_agent', 'product', 'account', 'deal_stage', 'engage_date', 'close_date', 'close_value'
    ]) }}
),

products as (
    {{ read_delivery('products.csv', ['product']) }}
),

export as (
    select max(last_date) as last_date
    from (
        select engage_date as last_date
        from opportunities
        where {{ parse_value('date', 'engage_date') }} is not null
        union all
        select close_date as last_date
        from opportunities
        where {{ parse_value('date', 'close_date') }} is not null
    ) as dates
),

renamed as (
    select
        opportunities.opportunity_id as deal_id,
        coalesce(
            opportunities.engage_date, case when opportunities.deal_stage = 'Prospecting' then export.last_date end
        ) as created_at,
        opportunities.deal_stage as stage,
        case opportunities.deal_stage
            when 'Prospecting' then 'open'
            when 'Engaging' then 'open'
            when 'Won' then 'won'
            when 'Lost' then 'lost'
            else opportunities.deal_stage
        end as outcome,
        opportunities.sales_agent as rep_id,
        opportunities.account as account_id,
        {{ squeezed('opportunities.product') }} as product_id,
        case
            when opportunities.deal_stage = 'Lost' and {{ parse_value('amount', 'opportunities.close_value') }} = 0
                then null
            when {{ parse_value('timestamp', 'opportunities.close_date') }} >= {{ as_of_utc() }} then null
            else opportunities.close_value
        end as amount,
        opportunities.close_date as closed_at,
        opportunities.deal_stage = 'Prospecting' and opportunities.engage_date is null as is_undated,
        opportunities.product not in (select coalesce(products.product, '') from products)
        and {{ squeezed('opportunities.product') }} in (select {{ squeezed('products.product') }} from products)
            as is_respelled,
        opportunities._row,
        opportunities._row_hash,
        opportunities._fingerprint
    from opportunities
    cross join export
),

{{ conform(
    'deals',
    columns=['deal_id', 'created_at', 'stage', 'outcome', 'rep_id', 'account_id', 'product_id', 'amount', 'closed_at'],
    file='sales_pipeline.csv',
    needs_file=true,
    source_columns=['opportunity_id', 'sales_agent', 'deal_stage', 'engage_date', 'close_date', 'close_value'],
    repairs="case when is_undated then 'created_at: no date, taken as the last date of the export;' else '' end"
    ~ " || case when is_respelled then 'product_id: spelled unlike in products.csv, matched without spaces;' else '' end",
) }}
