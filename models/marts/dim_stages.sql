-- One row per stage of a pipeline. Where there are several pipelines, a stage is shown as pipeline/stage.
select
    source_system,
    pipeline,
    stage_name,
    stage,
    position,
    probability,
    probability_bucket,
    outcome,
    is_qualified
from {{ ref('int_stages') }}
