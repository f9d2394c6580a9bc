-- One row per lead created.
{% call kpi(
    measures={
        'lead_to_opportunity_rate': {'ratio': ['with_opportunity', 'created'], 'cohort': true},
        'leads': {'count': 'created', 'cohort': true},
        'opportunities': {'count': 'opportunity', 'cohort': true},
    },
    dimensions=['rep', 'team', 'channel'],
) %}
    select
        *,
        created_on as event_on,
        1 as created,
        case when has_opportunity then 1 else 0 end as with_opportunity,
        case when has_opportunity then 1 end as opportunity
    from {{ ref('fct_leads') }}
    where is_visible
{% endcall %}
