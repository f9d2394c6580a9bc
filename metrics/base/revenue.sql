-- One row per deal won; without an amount it adds nothing.
{% call kpi(
    measures={'revenue': {'sum': 'amount'}},
    dimensions=['rep', 'team', 'region', 'channel', 'campaign', 'product', 'segment', 'pipeline'],
) %}
    select
        *,
        closed_on as event_on,
        closed_at as known_at
    from {{ ref('fct_deals') }}
    where state = 'won'
{% endcall %}
