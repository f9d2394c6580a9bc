-- One row per quote sent.
{% call kpi(
    measures={
        'closed_rate': {'ratio': ['is_accepted', 'sent'], 'cohort': true},
        'quotes': {'count': 'sent', 'cohort': true},
        'accepted': {'count': 'accepted', 'cohort': true},
    },
    dimensions=['rep', 'team', 'product'],
) %}
    select
        *,
        sent_on as event_on,
        1 as sent,
        case when status = 'accepted' then 1 else 0 end as is_accepted,
        case when status = 'accepted' then 1 end as accepted
    from {{ ref('fct_quotes') }}
    where is_visible
{% endcall %}
