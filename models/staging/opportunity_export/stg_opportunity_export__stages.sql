-- One row per stage: the export has no file of them, and these four in one pipeline are all it knows.
-- No probability is delivered, so none is guessed.
with renamed as (
    select
        'default' as pipeline,
        stage,
        cast(position as {{ dbt.type_string() }}) as position,
        outcome,
        is_qualified,
        cast(null as {{ dbt.type_string() }}) as _row,
        cast(position as bigint) as _row_number
    from (
        select 'Prospecting' as stage, 1 as position, 'open' as outcome, 'false' as is_qualified
        union all
        select 'Engaging' as stage, 2 as position, 'open' as outcome, 'true' as is_qualified
        union all
        select 'Won' as stage, 3 as position, 'won' as outcome, 'true' as is_qualified
        union all
        select 'Lost' as stage, 4 as position, 'lost' as outcome, 'false' as is_qualified
    ) as export_stages
),

{{ conform('stages', columns=['pipeline', 'stage', 'position', 'outcome', 'is_qualified']) }}
