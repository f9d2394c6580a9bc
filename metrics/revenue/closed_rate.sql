-- One row per quote sent.
{% call kpi(
    measures={
        'closed_rate': {'ratio': ['is_accepted', 'sent'], 'cohort': true},
        'quotes': {'count': 'sent', 'cohort': true},
        'accepted': {'count': 'accepted', 'cohort': true},
    },
    dimensions=['rep', 'team', 'product'],
    outcomes={
        'is_accepted': "case when status = 'accepted' and (decided_at is null or decided_at < {as_of}) then 1 else 0 end",
        'accepted': "case when status = 'accepted' and (decided_at is null or decided_at < {as_of}) then 1 end",
    },
) %}
    select
        *,
        sent_on as event_on,
        sent_at as known_at,
        1 as sent
    from {{ ref('fct_quotes') }}
    where is_visible
{% endcall %}
