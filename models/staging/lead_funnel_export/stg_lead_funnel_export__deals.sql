-- One row per closed deal of the export. All are won, on won_date; deals that are open or lost it does not have.
--
-- A deal begins when its lead does, and has its channel. A deal whose lead is not in the export counts as created
-- when it was won, as a repair: that it was won is known, how long it took is not.
with closed_deals as (
    {{ read_delivery('olist_closed_deals_dataset.csv', ['mql_id', 'seller_id', 'sr_id', 'won_date']) }}
),

leads as (
    select
        lead_id,
        min(created_at) as created_at,
        min(channel) as channel
    from {{ ref('stg_lead_funnel_export__leads') }}
    where _rejected_rule is null
    group by lead_id
),

renamed as (
    select
        closed_deals.mql_id as deal_id,
        case
            when leads.lead_id is not null then cast(leads.created_at as {{ dbt.type_string() }})
            else closed_deals.won_date
        end as created_at,
        'Won' as stage,
        'won' as outcome,
        closed_deals.sr_id as rep_id,
        closed_deals.seller_id as account_id,
        closed_deals.mql_id as lead_id,
        leads.channel,
        closed_deals.won_date as closed_at,
        leads.lead_id is null as is_without_lead,
        closed_deals._row,
        closed_deals._row_hash,
        closed_deals._fingerprint
    from closed_deals
    left join leads
        on closed_deals.mql_id = leads.lead_id
),

{{ conform(
    'deals',
    columns=['deal_id', 'created_at', 'stage', 'outcome', 'rep_id', 'account_id', 'lead_id', 'channel', 'closed_at'],
    file='olist_closed_deals_dataset.csv',
    needs_file=true,
    source_columns=['mql_id', 'seller_id', 'sdr_id', 'sr_id', 'won_date'],
    repairs="case when is_without_lead then 'created_at: no lead of this id, taken as won_date;' else '' end",
) }}
