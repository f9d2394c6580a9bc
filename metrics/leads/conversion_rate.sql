-- One row per lead created; one per customer and span in which it was one at a period's start; and one for each of
-- these that renewed or bought more, on the first day in the period on which it did.
{% call kpi(
    measures={
        'conversion_rate': {'ratio': ['became_customer', 'created'], 'cohort': true},
        'existing_customer_conversion_rate': {'ratio': ['expanded', 'at_start'], 'by_day': not customers_subscribe()},
    },
    dimensions=['rep', 'team', 'channel'],
    row_kinds=['event', 'span'],
    outcomes={'became_customer': 'case when created = 1 then case when first_won_at < {as_of} then 1 else 0 end end'},
) %}
    select
        source_system,
        lead_id,
        cast(null as {{ dbt.type_string() }}) as account_id,
        created_on as event_on,
        created_at as known_at,
        first_won_at,
        cast(null as date) as held_from_on,
        cast(null as date) as held_to_on,
        cast(null as timestamp) as valid_from_at,
        cast(null as date) as valid_from_on,
        cast(null as date) as valid_to_on,
        rep,
        team,
        channel,
        1 as created,
        cast(null as integer) as at_start,
        cast(null as integer) as expanded
    from {{ ref('fct_leads') }}
    where is_visible
    union all
    select
        source_system,
        null as lead_id,
        account_id,
        null as event_on,
        null as known_at,
        null as first_won_at,
        held_from_on,
        held_to_on,
        null as valid_from_at,
        valid_from_on,
        valid_to_on,
        rep,
        team,
        channel,
        null as created,
        1 as at_start,
        null as expanded
    from {{ ref('fct_customer_spans') }}
    where span = 'start'
    union all
    select
        source_system,
        null as lead_id,
        account_id,
        null as event_on,
        null as known_at,
        null as first_won_at,
        held_from_on,
        held_to_on,
        expanded_at as valid_from_at,
        expanded_on as valid_from_on,
        null as valid_to_on,
        rep,
        team,
        channel,
        null as created,
        null as at_start,
        1 as expanded
    from {{ ref('fct_customer_expansions') }}
{% endcall %}
