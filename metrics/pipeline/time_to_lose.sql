-- One row per deal lost, with the days from its creation; stage is the one that it was lost from.
{% call kpi(
    measures={
        'mean_days': {'mean': 'days_to_close'},
        'median_days': {'percentile': ['days_to_close', 0.5]},
    },
    dimensions=['rep', 'team', 'stage', 'lost_reason'],
) %}
    select
        source_system,
        deal_id,
        closed_on as event_on,
        closed_at as known_at,
        rep,
        team,
        lost_from_stage as stage,
        lost_reason,
        days_to_close
    from {{ ref('fct_deals') }}
    where state = 'lost'
{% endcall %}
