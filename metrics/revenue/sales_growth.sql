-- One row per deal won; its revenue is set beside that of the preceding period and of a year ago.
{% call kpi(
    measures={
        'growth': {
            'formula': '{amount - previous.amount} / nullif({previous.amount}, 0)',
            'counts': ['amount', 'previous.amount'],
        },
        'growth_year_on_year': {
            'formula': '{amount - year.amount} / nullif({year.amount}, 0)',
            'counts': ['amount', 'year.amount'],
        },
        'revenue': {'sum': 'amount'},
    },
    dimensions=['rep', 'team', 'channel', 'product'],
) %}
    select
        *,
        closed_on as event_on,
        closed_at as known_at,
        closed_local_at as event_local_at
    from {{ ref('fct_deals') }}
    where state = 'won'
{% endcall %}
