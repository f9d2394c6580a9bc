-- One row per lead that marketing brought.
{% call kpi(
    measures={
        'accepted_share': {'ratio': ['accepted', 'created'], 'cohort': true},
        'mean_score': {'mean': 'score', 'cohort': true},
        'won_share': {'ratio': ['won', 'created'], 'cohort': true},
    },
    dimensions=['channel', 'campaign'],
) %}
    select
        *,
        created_on as event_on,
        1 as created,
        case when qualified_on is not null then 1 else 0 end as accepted,
        case when is_customer then 1 else 0 end as won
    from {{ ref('fct_leads') }}
    where is_visible and origin = 'marketing'
{% endcall %}
