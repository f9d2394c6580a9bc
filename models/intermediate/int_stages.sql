-- One row per stage of a pipeline. Where there are several pipelines, a stage is shown as pipeline/stage.
with pipelines as (
    select count(*) > 1 as are_several from {{ ref('int_pipelines') }}
)

select
    stages.source_system,
    stages.pipeline,
    stages.stage as stage_name,
    case when pipelines.are_several then {{ stage_of_pipeline('stages.pipeline', 'stages.stage') }} else stages.stage end as stage,
    stages.position,
    stages.probability,
    case
        when stages.probability is null then '(none)'
        when stages.probability < 0.25 then '0–25'
        when stages.probability < 0.5 then '25–50'
        when stages.probability < 0.75 then '50–75'
        else '75–100'
    end as probability_bucket,
    stages.outcome,
    stages.is_qualified
from {{ kept('stages') }} as stages
cross join pipelines
