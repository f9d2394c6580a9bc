-- One row per representative: whoever developed a lead that was won (sdr), or closed it (sr). The export has no file of
-- them, so the id is also the name.
with closed_deals as (
    {{ read_delivery('olist_closed_deals_dataset.csv', ['sdr_id', 'sr_id']) }}
),

named as (
    select
        sdr_id as rep_id,
        _row,
        _row_hash,
        _fingerprint
    from closed_deals
    union all
    select
        sr_id as rep_id,
        _row,
        _row_hash,
        _fingerprint
    from closed_deals
),

numbered as (
    select
        *,
        row_number() over (partition by rep_id order by _fingerprint) as mention
    from named
    where rep_id <> ''
),

renamed as (
    select
        rep_id,
        rep_id as rep_name,
        _row,
        _row_hash,
        _fingerprint
    from numbered
    where mention = 1
),

{{ conform(
    'reps',
    columns=['rep_id', 'rep_name'],
    file='olist_closed_deals_dataset.csv',
    source_columns=['sdr_id', 'sr_id'],
) }}
