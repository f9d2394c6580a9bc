-- One row per deal closed, won or lost.
{% call kpi(
    measures={
        'win_rate': {'ratio': ['won', 'closed']},
        'win_rate_by_value': {'ratio': ['won_amount', 'amount'], 'null_unless': 'lost_amount'},
    },
    dimensions=['rep', 'team', 'region', 'channel', 'campaign', 'product', 'segment', 'pipeline'],
) %}
    select
        *,
        closed_on as event_on,
        closed_at as known_at,
        1 as closed,
        case when state = 'won' then 1 else 0 end as won,
        case when state = 'won' then amount end as won_amount,
        case when state = 'lost' then amount end as lost_amount
    from {{ ref('fct_deals') }}
    where state in ('won', 'lost')
{% endcall %}
