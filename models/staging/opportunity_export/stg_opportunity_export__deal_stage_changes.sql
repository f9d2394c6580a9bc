-- One row per stage that an opportunity is known to have entered: Prospecting when it is still there (dated
-- as its creation is), Engaging on engage_date, Won or Lost on close_date. A closed opportunity without a
-- close_date gets no history: one that ends in Engaging would say that it is still open.
with deals as (
    select * from {{ ref('stg_opportunity_export__deals') }}
    where _rejected_rule is null and not (stage in ('Won', 'Lost') and closed_at is null)
),

renamed as (
    select
        deal_id,
        case when stage in ('Won', 'Lost') then 'Engaging' else stage end as stage,
        cast(created_at as {{ dbt.type_string() }}) as entered_at,
        _row,
        _row_hash,
        _fingerprint
    from deals
    union all
    select
        deal_id,
        stage,
        cast(closed_at as {{ dbt.type_string() }}) as entered_at,
        _row,
        _row_hash,
        _fingerprint
    from deals
    where stage in ('Won', 'Lost')
),

{{ conform('deal_stage_changes', columns=['deal_id', 'stage', 'entered_at']) }}
