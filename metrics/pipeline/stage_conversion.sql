-- One row per deal and open stage that it entered, dated by its first entry; and one per deal created, in no stage.
{% call kpi(
    measures={
        'conversion_rate': {'ratio': ['has_advanced', 'entered'], 'cohort': true},
        'entered': {'count': 'entered', 'cohort': true},
        'advanced': {'count': 'advanced', 'cohort': true},
        'open_to_won_rate': {'ratio': ['won', 'created'], 'cohort': true, 'dimensions': ['rep', 'team', 'pipeline']},
    },
    dimensions=['stage', 'rep', 'team', 'pipeline'],
) %}
    select
        source_system,
        deal_id,
        entered_on as event_on,
        stage,
        rep,
        team,
        pipeline,
        1 as entered,
        case when has_advanced then 1 else 0 end as has_advanced,
        case when has_advanced then 1 end as advanced,
        null as created,
        null as won
    from {{ ref('fct_stage_visits') }}
    where is_first_entry
    union all
    select
        source_system,
        deal_id,
        created_on as event_on,
        null as stage,
        rep,
        team,
        pipeline,
        null as entered,
        null as has_advanced,
        null as advanced,
        1 as created,
        case when state = 'won' then 1 else 0 end as won
    from {{ ref('fct_deals') }}
    where is_visible
{% endcall %}
