-- One row per account of the export. The sector is the segment, spelled as delivered.
with renamed as (
    select
        account as account_id,
        account as account_name,
        sector as segment,
        sector as industry,
        office_location as country,
        _row,
        _row_hash,
        _fingerprint
    from ({{ read_delivery('accounts.csv', ['account', 'sector', 'office_location']) }}) as accounts
),

{{ conform(
    'accounts',
    columns=['account_id', 'account_name', 'segment', 'industry', 'country'],
    file='accounts.csv',
    source_columns=['account'],
) }}
