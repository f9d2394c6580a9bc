-- One row per deal won.
{% call kpi(
    measures={'won_deals': {'count': 'won'}},
    dimensions=['rep', 'team', 'region', 'channel', 'campaign', 'product', 'segment', 'pipeline'],
) %}
    select
        *,
        closed_on as event_on,
        closed_at as known_at,
        1 as won
    from {{ ref('fct_deals') }}
    where state = 'won'
{% endcall %}
