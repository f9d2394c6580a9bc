-- One row per usable row and rule under which it was repaired, or kept although a key of it points nowhere.
with in_staging as (
    {% for entity in used_entities() -%}
        select
            source_system,
            '{{ entity }}' as entity,
            row_key,
            repairs
        from {{ ref('int_' ~ entity ~ '__judged') }}
        where fate = 'kept' and repairs <> ''
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

places as (
    {{ whole_numbers(2) }}
),

repaired as (
    select
        in_staging.source_system,
        in_staging.entity,
        in_staging.row_key,
        {{ part_of_text('in_staging.repairs', ';', 'places.number') }} as rule
    from in_staging
    inner join places
        on places.number between 1 and length(in_staging.repairs) - length(replace(in_staging.repairs, ';', ''))
    union all
    select
        source_system,
        entity,
        row_key,
        column_name || ': points to no row of ' || target_entity as rule
    from {{ ref('dangling_keys') }}
    union all
    select
        source_system,
        entity,
        row_key,
        rule
    from {{ ref('repaired_deals') }}
    union all
    {{ repairs_of('leads', ref('fct_leads'), 'lead_id', {
        'created_at: after the first contact, taken as 0 hours': 'is_visible and first_contact_at < created_at',
        'created_at: after the first win, taken as 0 days': 'is_visible and first_won_on < created_on',
    }) }}
    union all
    {{ repairs_of('meetings', ref('fct_meetings'), 'meeting_id', {
        'status: still scheduled in the past, outside the show rate':
            "kind in ('discovery', 'demo') and status = 'scheduled' and " ~ is_before_as_of('scheduled_for'),
    }) }}
    union all
    {{ repairs_of('order_lines', ref('fct_order_lines'), 'order_line_id', {
        'unit_cost: neither the line nor its product has one, left out of margins': 'is_visible and cost is null',
    }) }}
    union all
    {{ repairs_of('subscriptions', ref('fct_subscriptions'), 'subscription_id', {
        'ended_on: before started_on, span taken as 0': 'is_visible and ended_on < started_on',
    }) }}
)

select
    cast(source_system as {{ dbt.type_string() }}) as source_system,
    cast(entity as {{ dbt.type_string() }}) as entity,
    cast(row_key as {{ dbt.type_string() }}) as row_key,
    cast(rule as {{ dbt.type_string() }}) as rule
from repaired
where rule <> ''
