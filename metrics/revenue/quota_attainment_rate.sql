-- One row per deal won, and one per day of a rep's revenue quota, in parts (see target_parts), so that a quota that is
-- just reached is reached; the measures are over reps with a quota.
{% call kpi(
    measures={
        'attainment_rate': {'ratio': ['hit', 'has_quota']},
        'mean_attainment': {'ratio': ['attainment', 'has_quota']},
    },
    dimensions=['team', 'rep'],
    grains=['month', 'quarter', 'year', 'fiscal_quarter', 'fiscal_year', 'custom'],
    inputs=['amount', 'quota'],
    subjects={'rep_key': {
        'has_quota': 'case when quota > 0 then 1 end',
        'hit': 'case when quota > 0 then case when coalesce(amount, 0) * ' ~ month_parts() ~ ' >= quota then 1 else 0 end end',
        'attainment': 'case when quota > 0 then cast(cast(coalesce(amount, 0) * ' ~ month_parts() ~ ' as ' ~ double_type() ~ ') / cast(quota as ' ~ double_type() ~ ') as decimal(38, 20)) end',
    }},
) %}
    select
        source_system,
        source_system || ':' || rep_id as rep_key,
        deal_id as row_key,
        closed_on as event_on,
        closed_at as known_at,
        rep,
        team,
        amount,
        null as quota
    from {{ ref('fct_deals') }}
    where state = 'won' and rep_id is not null
    union all
    select
        source_system,
        source_system || ':' || rep_id as rep_key,
        quota_key as row_key,
        date_day as event_on,
        {{ known_all_along() }} as known_at,
        rep,
        team,
        null as amount,
        target_parts as quota
    from {{ ref('fct_quota_days') }}
    where kind = 'revenue' and rep_id is not null
{% endcall %}
