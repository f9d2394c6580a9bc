-- One row per sales call.
{% call kpi(
    measures={
        'droppage_rate': {'ratio': ['dropped', 'called']},
        'close_rate': {'ratio': ['closed', 'called']},
        'unwinnable_rate': {'ratio': ['unwinnable', 'called']},
    },
    dimensions=['rep', 'team'],
) %}
    select
        *,
        started_on as event_on,
        started_at as known_at,
        1 as called,
        case when is_dropped then 1 else 0 end as dropped,
        case when outcome = 'closed' then 1 else 0 end as closed,
        case when is_unwinnable then 1 else 0 end as unwinnable
    from {{ ref('fct_calls') }}
    where is_visible
{% endcall %}
