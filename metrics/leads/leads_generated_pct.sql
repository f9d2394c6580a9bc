-- One row per lead generated, in the slice of the rep who generated it; and one per lead quota and day, in no channel.
-- A quota counts as a row on the first day of its month; its days are in parts (see month_parts).
{% call kpi(
    measures={
        'quota_attainment': {
            'ratio': ['lead', 'quota'], 'counts': ['lead', 'quotas'], 'dimensions': ['rep', 'team'],
        },
        'leads': {'count': 'lead', 'dimensions': ['rep', 'team']},
        'lead_share': {'share': 'lead'},
    },
    dimensions=['rep', 'team', 'channel'],
    divisors={'quota': month_parts()},
) %}
    select
        source_system,
        lead_id as row_key,
        created_on as event_on,
        created_at as known_at,
        generated_by_rep as rep,
        generated_by_team as team,
        channel,
        1 as lead,
        null as quota,
        null as quotas
    from {{ ref('fct_leads') }}
    where is_visible
    union all
    select
        source_system,
        quota_key as row_key,
        date_day as event_on,
        {{ known_all_along() }} as known_at,
        rep,
        team,
        null as channel,
        null as lead,
        target_parts as quota,
        case when date_day = month then 1 end as quotas
    from {{ ref('fct_quota_days') }}
    where kind = 'leads'
{% endcall %}
