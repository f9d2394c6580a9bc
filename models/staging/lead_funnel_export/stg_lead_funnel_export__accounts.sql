-- One row per closed deal, as the seller that its lead became: the export has no file of sellers. The business segment
-- is the segment, spelled as delivered. A seller who is won twice stands here twice, and counts once.
with renamed as (
    select
        seller_id as account_id,
        business_segment as segment,
        _row,
        _row_hash,
        _fingerprint
    from ({{ read_delivery('olist_closed_deals_dataset.csv', ['seller_id', 'business_segment']) }}) as closed_deals
    where seller_id is not null
),

{{ conform(
    'accounts',
    columns=['account_id', 'segment'],
    file='olist_closed_deals_dataset.csv',
    source_columns=['seller_id', 'business_segment'],
) }}
