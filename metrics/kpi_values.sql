-- One row per KPI, measure, grain, period and slice: every figure that was built.
-- The KPIs write into one table, which this view shows; so it names none of them and is never out of date.
{{ config(materialized='view') }}

select {{ figure_columns().keys() | join(', ') }}
from {{ figures_relation() }}
