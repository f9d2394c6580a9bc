-- One row per lead that marketing brought.
{% call kpi(
    measures={
        'accepted_share': {'ratio': ['accepted', 'created'], 'cohort': true},
        'mean_score': {'mean': 'score', 'cohort': true},
        'won_share': {'ratio': ['won', 'created'], 'cohort': true},
    },
    dimensions=['channel', 'campaign'],
    outcomes={
        'accepted': 'case when qualified_at < {as_of} then 1 else 0 end',
        'won': 'case when first_won_at < {as_of} then 1 else 0 end',
    },
) %}
    select
        *,
        created_on as event_on,
        created_at as known_at,
        1 as created
    from {{ ref('fct_leads') }}
    where is_visible and origin = 'marketing'
{% endcall %}
