-- A deal enters a stage for the first time once, and no visit to that stage is earlier: conversion counts these.
select
    source_system,
    deal_id,
    stage,
    sum(case when is_first_entry then 1 else 0 end) as first_entries,
    min(case when is_first_entry then entered_at end) as first_entry_at,
    min(entered_at) as first_visit_at
from {{ ref('fct_stage_visits') }}
where stage <> '(unknown)'
group by source_system, deal_id, stage
having
    sum(case when is_first_entry then 1 else 0 end) <> 1
    or min(case when is_first_entry then entered_at end) <> min(entered_at)
