-- One row per account's first won deal.
{% call kpi(
    measures={'new_customers': {'count': 'new_customer'}},
    dimensions=['segment', 'channel', 'rep', 'team'],
) %}
    select
        *,
        closed_on as event_on,
        closed_at as known_at,
        1 as new_customer
    from {{ ref('fct_deals') }}
    where win_number = 1
{% endcall %}
