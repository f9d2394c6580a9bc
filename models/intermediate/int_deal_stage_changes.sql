-- One row per kept change of a deal's stage: what the stage means, and where the change stands in the deal's history.
-- History is ordered by (entered_at, position); only what is visible as of as_of takes a number in it.
with changes as (
    select * from {{ kept('deal_stage_changes') }} as deal_stage_changes
),

deals as (
    select * from {{ kept('deals') }} as deals
),

stages as (
    select * from {{ ref('int_stages') }}
),

delivered as (
    select * from {{ ref('int_delivered_entities') }}
),

pipelines as (
    select count(*) > 1 as are_several from {{ ref('int_pipelines') }}
),

explained as (
    select
        changes.source_system,
        changes.row_key,
        changes.deal_id,
        changes.stage as stage_name,
        case when deals.deal_id is null then '(unknown)' else coalesce(deals.pipeline, 'default') end as pipeline,
        case
            when deals.deal_id is null then '(unknown)'
            else {{ stage_label('changes.stage', "coalesce(deals.pipeline, 'default')") }}
        end as stage,
        stages.position,
        stages.probability,
        coalesce(stages.probability_bucket, '(unknown)') as probability_bucket,
        coalesce(stages.is_qualified, false) as is_qualified,
        coalesce(stages.outcome, case when changes.stage = deals.stage then deals.outcome end, 'open') as outcome,
        changes.entered_at,
        deals.deal_id is not null as has_deal,
        stages.stage is not null as has_stage,
        changes.entered_at < {{ as_of_utc() }}
        and (deals.deal_id is null or deals.created_at < {{ as_of_utc() }}) as is_visible
    from changes
    left join deals
        on changes.source_system = deals.source_system
        and changes.deal_id = deals.deal_id
    left join stages
        on changes.source_system = stages.source_system
        and coalesce(deals.pipeline, 'default') = stages.pipeline
        and changes.stage = stages.stage_name
        and deals.deal_id is not null
    left join delivered
        on changes.source_system = delivered.source_system
    cross join pipelines
),

numbered as (
    select
        *,
        case
            when is_visible then cast(row_number() over (
                    partition by source_system, deal_id, is_visible
                    order by entered_at, coalesce(position, -9223372036854775807), stage_name
                ) as bigint)
        end as change_number
    from explained
)

select
    *,
    case
        when is_visible then lead(case when is_visible then entered_at end) over (
                partition by source_system, deal_id order by change_number nulls last
            )
    end as next_change_at,
    case
        when is_visible then lag(stage) over (partition by source_system, deal_id order by change_number nulls last)
    end as previous_stage,
    coalesce(change_number = max(change_number) over (partition by source_system, deal_id), false) as is_last
from numbered
