-- One row per deal won, with the days from its creation.
{% call kpi(
    measures={
        'mean_days': {'mean': 'days_to_close'},
        'median_days': {'percentile': ['days_to_close', 0.5]},
        'p90_days': {'percentile': ['days_to_close', 0.9]},
    },
    dimensions=['rep', 'team', 'region', 'channel', 'campaign', 'product', 'segment', 'pipeline'],
) %}
    select
        *,
        closed_on as event_on,
        closed_at as known_at
    from {{ ref('fct_deals') }}
    where state = 'won'
{% endcall %}
