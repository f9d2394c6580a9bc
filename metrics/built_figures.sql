-- One row per KPI, measure, grain, period and slice: every figure that was built, also those of periods that are there
-- only because asked ones are compared with them (is_asked false).
-- The KPIs write into one table, which this view shows; so it names none of them and is never out of date.
{{ config(materialized='view') }}

select {{ stored_columns().keys() | join(', ') }}
from {{ figures_relation() }}
