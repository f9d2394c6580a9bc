-- One row per customer or subscription and span that a period may have over it: there at the period's start, and kept to its
-- end.
{% call kpi(
    measures={
        'retention_rate': {'ratio': ['kept', 'at_start'], 'by_day': not customers_subscribe()},
        'net_revenue_retention': {
            'ratio': ['mrr_kept', 'mrr_at_start'], 'counts': 'at_start', 'by_day': not customers_subscribe(),
        },
    },
    dimensions=['segment', 'rep', 'team'],
    row_kinds=['span'],
) %}
    select
        source_system,
        account_id,
        cast(null as varchar) as subscription_id,
        segment,
        rep,
        team,
        held_from_on,
        held_to_on,
        valid_from_on,
        valid_to_on,
        case when span = 'start' then 1 end as at_start,
        case when span = 'kept' then 1 end as kept,
        null as mrr_at_start,
        null as mrr_kept
    from {{ ref('fct_customer_spans') }}
    where span in ('start', 'kept')
    union all
    select
        source_system,
        account_id,
        subscription_id,
        segment,
        rep,
        team,
        held_from_on,
        held_to_on,
        valid_from_on,
        valid_to_on,
        null as at_start,
        null as kept,
        case when span = 'start' then mrr end as mrr_at_start,
        case when span = 'kept' then mrr end as mrr_kept
    from {{ ref('fct_subscription_spans') }}
{% endcall %}
