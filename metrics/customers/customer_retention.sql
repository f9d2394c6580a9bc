-- One row per customer or subscription and span that a period may have over it: there at the period's start, and
-- kept to its end. A rate that a period needs and nobody delivers stops the run.
{% set rated_mrr = 'case when unrated.needed_on is null then spans.mrr else '
    ~ converted('spans.own_mrr', 'spans.currency', 'spans', 'unrated.needed_on') ~ ' end' %}
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
        cast(null as {{ dbt.type_string() }}) as subscription_id,
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
        spans.source_system,
        spans.account_id,
        spans.subscription_id,
        spans.segment,
        spans.rep,
        spans.team,
        spans.held_from_on,
        spans.held_to_on,
        spans.valid_from_on,
        spans.valid_to_on,
        null as at_start,
        null as kept,
        case when spans.span = 'start' then {{ rated_mrr }} end as mrr_at_start,
        case when spans.span = 'kept' then {{ rated_mrr }} end as mrr_kept
    from {{ ref('fct_subscription_spans') }} as spans
    left join {{ ref('unrated_subscriptions') }} as unrated
        on spans.source_system = unrated.source_system
        and spans.subscription_id = unrated.subscription_id
        and spans.mrr is null
{% endcall %}
