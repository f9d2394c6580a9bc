-- One row per marketing-qualified lead of the export: the company's own marketing brought it, over a landing page.
-- The export names the representative who developed a lead, and the seller it became, only where the lead was won; the
-- others have none.
with leads as (
    {{ read_delivery('olist_marketing_qualified_leads_dataset.csv', ['mql_id', 'first_contact_date', 'origin']) }}
),

wins as (
    {{ read_delivery('olist_closed_deals_dataset.csv', ['mql_id', 'seller_id', 'sdr_id', 'won_date']) }}
),

numbered_wins as (
    select
        mql_id,
        seller_id,
        sdr_id,
        row_number() over (
            partition by mql_id order by won_date, coalesce(seller_id, ''), coalesce(sdr_id, '')
        ) as win_number
    from wins
),

renamed as (
    select
        leads.mql_id as lead_id,
        leads.first_contact_date as created_at,
        leads.origin as channel,
        'marketing' as origin,
        'true' as is_provided,
        numbered_wins.sdr_id as rep_id,
        numbered_wins.seller_id as account_id,
        leads._row,
        leads._row_hash,
        leads._fingerprint
    from leads
    left join numbered_wins
        on leads.mql_id = numbered_wins.mql_id
        and numbered_wins.win_number = 1
),

{{ conform(
    'leads',
    columns=['lead_id', 'created_at', 'channel', 'origin', 'is_provided', 'rep_id', 'account_id'],
    file='olist_marketing_qualified_leads_dataset.csv',
    needs_file=true,
    source_columns=['mql_id', 'first_contact_date', 'origin'],
) }}
