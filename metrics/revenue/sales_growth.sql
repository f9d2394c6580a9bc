-- One row per deal won; its revenue is set beside that of the preceding period and of a year ago.
{% call kpi(
    measures={
        'growth': {
            'formula': '({amount} - {previous.amount}) / nullif({previous.amount}, 0)',
            'counts': ['won', 'previous.won'],
        },
        'growth_year_on_year': {
            'formula': '({amount} - {year.amount}) / nullif({year.amount}, 0)',
            'counts': ['won', 'year.won'],
        },
        'revenue': {'sum': 'amount'},
    },
    dimensions=['rep', 'team', 'channel', 'product'],
) %}
    select
        *,
        closed_on as event_on,
        closed_local_at as event_local_at,
        1 as won
    from {{ ref('fct_deals') }}
    where state = 'won'
{% endcall %}
