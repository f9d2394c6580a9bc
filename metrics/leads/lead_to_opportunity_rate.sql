-- One row per lead created.
{% call kpi(
    measures={
        'lead_to_opportunity_rate': {'ratio': ['with_opportunity', 'created'], 'cohort': true},
        'leads': {'count': 'created', 'cohort': true},
        'opportunities': {'count': 'opportunity', 'cohort': true},
    },
    dimensions=['rep', 'team', 'channel'],
    outcomes={
        'with_opportunity': 'case when first_deal_created_at < {as_of} then 1 else 0 end',
        'opportunity': 'case when first_deal_created_at < {as_of} then 1 end',
    },
) %}
    select
        *,
        created_on as event_on,
        created_at as known_at,
        1 as created
    from {{ ref('fct_leads') }}
    where is_visible
{% endcall %}
