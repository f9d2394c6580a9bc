-- One row per KPI, measure, grain, period and slice: every figure that was asked for.
{{ config(materialized='view') }}

select {{ figure_columns().keys() | join(', ') }}
from {{ ref('built_figures') }}
where is_asked
