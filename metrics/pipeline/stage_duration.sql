-- One row per visit of a deal to an open stage that has ended.
{% call kpi(
    measures={
        'mean_days': {'mean': 'days_in_stage'},
        'median_days': {'percentile': ['days_in_stage', 0.5]},
        'p90_days': {'percentile': ['days_in_stage', 0.9]},
        'visits': {'count': 'days_in_stage'},
    },
    dimensions=['stage', 'rep', 'team', 'pipeline'],
) %}
    select
        *,
        exited_on as event_on,
        exited_at as known_at
    from {{ ref('fct_stage_visits') }}
    where exited_on is not null
{% endcall %}
