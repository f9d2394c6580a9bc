-- One row per deal won.
{% call kpi(
    measures={
        'revenue_per_deal': {'ratio': ['amount', 'won']},
        'median': {'percentile': ['amount', 0.5]},
        'won_deals': {'count': 'won'},
        'revenue': {'sum': 'amount'},
    },
    dimensions=['rep', 'team', 'channel', 'product', 'segment'],
) %}
    select
        *,
        closed_on as event_on,
        closed_at as known_at,
        1 as won
    from {{ ref('fct_deals') }}
    where state = 'won'
{% endcall %}
