-- One row per interval in which a deal was open, for the amount at the period's end; and one per revenue quota and day.
-- A quota counts as a row on the first day of its month.
{% call kpi(
    measures={'multiplier': {'ratio': ['open_amount', 'quota'], 'counts': ['open_amount', 'quotas']}},
    dimensions=['rep', 'team'],
    row_kinds=['event', 'state'],
    grains=['month', 'quarter', 'year', 'fiscal_quarter', 'fiscal_year', 'custom'],
    divisors={'quota': month_parts()},
) %}
    select
        source_system,
        deal_id as row_key,
        cast(null as date) as event_on,
        cast(null as timestamp) as known_at,
        valid_from_at,
        valid_to_at,
        valid_from_on,
        valid_to_on,
        rep,
        team,
        open_amount,
        null as quota,
        null as quotas
    from {{ ref('fct_open_deal_intervals') }}
    union all
    select
        source_system,
        quota_key as row_key,
        date_day as event_on,
        {{ known_all_along() }} as known_at,
        null as valid_from_at,
        null as valid_to_at,
        null as valid_from_on,
        null as valid_to_on,
        rep,
        team,
        null as open_amount,
        target_parts as quota,
        case when date_day = month then 1 end as quotas
    from {{ ref('fct_quota_days') }}
    where kind = 'revenue'
{% endcall %}
