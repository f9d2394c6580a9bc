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
        cast(null as bigint) as _row_hash,
        cast(null as bigint) as _fingerprint
    from (
        values
        ('Prospecting', 1, 'open', 'false'),
        ('Engaging', 2, 'open', 'true'),
        ('Won', 3, 'won', 'true'),
        ('Lost', 4, 'lost', 'false')
    ) as export_stages (stage, position, outcome, is_qualified)
),

{{ conform('stages', columns=['pipeline', 'stage', 'position', 'outcome', 'is_qualified']) }}
