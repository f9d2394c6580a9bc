-- A deal enters a stage for the first time once, and no visit to that stage is earlier: conversion counts these.
with visits as (
    select
        source_system,
        deal_id,
        stage,
        entered_at,
        is_first_entry,
        min(entered_at) over (partition by source_system, deal_id, stage) as first_entered_at,
        sum(case when is_first_entry then 1 else 0 end) over (partition by source_system, deal_id, stage) as first_entries
    from {{ ref('fct_stage_visits') }}
    where stage <> '(unknown)'
)

select *
from visits
where first_entries <> 1 or (is_first_entry and entered_at <> first_entered_at)
