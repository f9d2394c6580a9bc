-- One row per customer and span that a period may have over it: there at the period's start, and lost by its end.
{% call kpi(
    measures={
        'churn_rate': {'ratio': ['lost', 'at_start'], 'by_day': not customers_subscribe()},
        'churned': {'count': 'lost', 'by_day': not customers_subscribe()},
        'mean_lifetime_days': {'mean': 'lifetime_days', 'by_day': not customers_subscribe()},
    },
    dimensions=['rep', 'team', 'segment'],
    row_kinds=['span'],
) %}
    select
        *,
        case when span = 'start' then 1 end as at_start,
        case when span = 'lost' then 1 end as lost
    from {{ ref('fct_customer_spans') }}
    where span in ('start', 'lost')
{% endcall %}
