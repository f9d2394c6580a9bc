-- One row per sales agent of the export. The manager's name is the team, the regional office the region.
with renamed as (
    select
        sales_agent as rep_id,
        sales_agent as rep_name,
        manager as team,
        regional_office as region,
        _row,
        _row_hash,
        _fingerprint
    from ({{ read_delivery('sales_teams.csv', ['sales_agent', 'manager', 'regional_office']) }}) as sales_teams
),

{{ conform(
    'reps',
    columns=['rep_id', 'rep_name', 'team', 'region'],
    file='sales_teams.csv',
    source_columns=['sales_agent'],
) }}
