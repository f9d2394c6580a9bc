-- One row per deal and open stage that it entered, dated by its first entry; and, in no stage, one per deal created,
-- one per lead qualified, and one per deal on the day of the first meeting held with it.
{% set has_come = 'case when {} = 1 then case when outcome_at < {as_of} then 1 else 0 end end' %}
{% call kpi(
    measures={
        'conversion_rate': {'ratio': ['has_advanced', 'entered'], 'cohort': true},
        'entered': {'count': 'entered', 'cohort': true},
        'advanced': {'count': 'advanced', 'cohort': true},
        'open_to_won_rate': {'ratio': ['won', 'created'], 'cohort': true, 'dimensions': ['rep', 'team', 'pipeline']},
        'qualified_lead_to_meeting_rate': {
            'ratio': ['met', 'qualified'], 'cohort': true, 'dimensions': ['rep', 'team', 'pipeline'],
        },
        'meeting_to_won_rate': {
            'ratio': ['met_won', 'met_deal'], 'cohort': true, 'dimensions': ['rep', 'team', 'pipeline'],
        },
    },
    dimensions=['stage', 'rep', 'team', 'pipeline'],
    outcomes={
        'has_advanced': has_come.replace('{}', 'entered'),
        'advanced': 'case when entered = 1 and outcome_at < {as_of} then 1 end',
        'won': has_come.replace('{}', 'created'),
        'met': has_come.replace('{}', 'qualified'),
        'met_won': has_come.replace('{}', 'met_deal'),
    },
) %}
    select
        source_system,
        deal_id,
        cast(null as {{ dbt.type_string() }}) as lead_id,
        entered_on as event_on,
        entered_at as known_at,
        advanced_at as outcome_at,
        stage,
        rep,
        team,
        pipeline,
        1 as entered,
        cast(null as integer) as created,
        cast(null as integer) as qualified,
        cast(null as integer) as met_deal
    from {{ ref('fct_stage_visits') }}
    where is_first_entry
    union all
    select
        source_system,
        deal_id,
        null as lead_id,
        created_on as event_on,
        created_at as known_at,
        case when state = 'won' then closed_at end as outcome_at,
        null as stage,
        rep,
        team,
        pipeline,
        null as entered,
        1 as created,
        null as qualified,
        null as met_deal
    from {{ ref('fct_deals') }}
    where is_visible
    union all
    select
        leads.source_system,
        null as deal_id,
        leads.lead_id,
        leads.qualified_on as event_on,
        leads.qualified_at as known_at,
        (
            select min(meetings.scheduled_for)
            from {{ ref('fct_lead_meetings') }} as meetings
            where
                leads.source_system = meetings.source_system
                and leads.lead_id = meetings.lead_id
                and leads.qualified_at <= meetings.scheduled_for
        ) as outcome_at,
        null as stage,
        leads.rep,
        leads.team,
        '(none)' as pipeline,
        null as entered,
        null as created,
        1 as qualified,
        null as met_deal
    from {{ ref('fct_leads') }} as leads
    where leads.is_visible and leads.qualified_on is not null
    union all
    select
        deals.source_system,
        deals.deal_id,
        null as lead_id,
        meetings.scheduled_on as event_on,
        meetings.scheduled_for as known_at,
        case when deals.state = 'won' then deals.closed_at end as outcome_at,
        null as stage,
        deals.rep,
        deals.team,
        deals.pipeline,
        null as entered,
        null as created,
        null as qualified,
        1 as met_deal
    from {{ ref('fct_deals') }} as deals
    inner join {{ ref('fct_deal_meetings') }} as meetings
        on deals.source_system = meetings.source_system
        and deals.deal_id = meetings.deal_id
        and meetings.meeting_number = 1
{% endcall %}
