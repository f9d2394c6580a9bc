-- One row per usable row and rule under which it was repaired, or kept although a key of it points nowhere.
{% set pointers = [
    ('deals', 'rep_id', 'reps', 'rep_id'),
    ('deals', 'account_id', 'accounts', 'account_id'),
    ('deals', 'product_id', 'products', 'product_id'),
    ('deal_stage_changes', 'deal_id', 'deals', 'deal_id'),
    ('accounts', 'owner_rep_id', 'reps', 'rep_id'),
    ('reps', 'manager_id', 'reps', 'rep_id'),
    ('products', 'predecessor_product_id', 'products', 'product_id'),
    ('quotas', 'rep_id', 'reps', 'rep_id'),
] -%}
with delivered_entities as (
    select distinct
        source_system,
        entity
    from {{ ref('int_delivered_columns') }}
),

histories as (
    select
        source_system,
        deal_id,
        max(case when is_visible then 0 else 1 end) as has_future
    from {{ ref('int_deal_stage_changes') }}
    group by source_system, deal_id
),

deals as (
    select
        deals.source_system,
        deals.row_key,
        deals.outcome,
        deals.amount,
        deals.stage,
        stages.outcome as stage_outcome,
        deals.closed_at as delivered_closed_at,
        facts.created_at,
        facts.closed_at,
        facts.state,
        facts.stage as shown_stage,
        facts.open_amount,
        histories.deal_id is not null as has_history,
        coalesce(histories.has_future, 0) = 1 as has_future,
        deals.row_json
    from {{ kept('deals') }} as deals
    inner join {{ ref('fct_deals') }} as facts
        on deals.source_system = facts.source_system
        and deals.deal_id = facts.deal_id
    left join histories
        on deals.source_system = histories.source_system
        and deals.deal_id = histories.deal_id
    left join {{ ref('dim_stages') }} as stages
        on deals.source_system = stages.source_system
        and facts.pipeline = stages.pipeline
        and deals.stage = stages.stage_name
),

stage_changes as (
    select
        changes.*,
        deals.created_at,
        deals.delivered_closed_at
    from {{ ref('int_deal_stage_changes') }} as changes
    left join deals
        on changes.source_system = deals.source_system
        and changes.deal_id = deals.row_key
),

repaired as (
    {% for entity in used_entities() -%}
        select
            judged.source_system,
            '{{ entity }}' as entity,
            judged.row_key,
            {{ unnested_text('judged.repairs', ';') }} as rule
        from {{ ref('int_' ~ entity ~ '__judged') }} as judged
        where judged.fate = 'kept' and judged.repairs <> ''
        union all
    {% endfor -%}
    {% for entity, column, target, target_column in pointers -%}
        select
            pointing.source_system,
            '{{ entity }}' as entity,
            pointing.row_key,
            '{{ column }}: points to no row of {{ target }}' as rule
        from {{ kept(entity) }} as pointing
        inner join delivered_entities
            on pointing.source_system = delivered_entities.source_system
            and delivered_entities.entity = '{{ target }}'
        left join {{ kept(target) }} as pointed
            on pointing.source_system = pointed.source_system
            and pointing.{{ column }} = pointed.{{ target_column }}
        where pointing.{{ column }} is not null and pointed.{{ target_column }} is null
        union all
    {% endfor -%}
    select
        source_system,
        'deals' as entity,
        row_key,
        'closed_at: before created_at, span taken as 0' as rule
    from deals
    where closed_at < created_at
    union all
    select
        source_system,
        'deals' as entity,
        row_key,
        'outcome: not that of the stage history, which wins' as rule
    from deals
    where
        state in ('open', 'won', 'lost') and state <> outcome and not has_future
        and (delivered_closed_at is null or delivered_closed_at < {{ as_of_utc() }})
    union all
    select
        source_system,
        'deals' as entity,
        row_key,
        'outcome: not that of its stage, taken as delivered for want of a history' as rule
    from deals
    where not has_history and stage_outcome <> outcome
    union all
    select
        source_system,
        'deals' as entity,
        row_key,
        'closed_at: closed without a date, neither open nor closed' as rule
    from deals
    where state = 'undated'
    union all
    select
        source_system,
        'deals' as entity,
        row_key,
        'amount: won without one, adds no revenue' as rule
    from deals
    where state = 'won' and amount is null
    union all
    select
        source_system,
        'deals' as entity,
        row_key,
        case
            when open_amount <> 0 then 'amount: open without one, list price taken'
            else 'amount: open without one, worth nothing'
        end as rule
    from deals
    where state = 'open' and amount is null
    union all
    select
        source_system,
        'deals' as entity,
        row_key,
        'stage: points to no row of stages' as rule
    from deals
    where shown_stage = '(unknown)'
    union all
    select
        source_system,
        'deal_stage_changes' as entity,
        deal_id || '|' || stage_name || '|' || cast(entered_at as {{ dbt.type_string() }}) as row_key,
        'stage: points to no row of stages' as rule
    from stage_changes
    where has_deal and stage = '(unknown)'
    union all
    select
        source_system,
        'deal_stage_changes' as entity,
        deal_id || '|' || stage_name || '|' || cast(entered_at as {{ dbt.type_string() }}) as row_key,
        'entered_at: before the deal was created, span clipped' as rule
    from stage_changes
    where entered_at < created_at
    union all
    select
        source_system,
        'deal_stage_changes' as entity,
        deal_id || '|' || stage_name || '|' || cast(entered_at as {{ dbt.type_string() }}) as row_key,
        'entered_at: after the deal was closed' as rule
    from stage_changes
    where entered_at > delivered_closed_at
)

select
    cast(source_system as {{ dbt.type_string() }}) as source_system,
    cast(entity as {{ dbt.type_string() }}) as entity,
    cast(row_key as {{ dbt.type_string() }}) as row_key,
    cast(rule as {{ dbt.type_string() }}) as rule
from repaired
where rule <> ''
