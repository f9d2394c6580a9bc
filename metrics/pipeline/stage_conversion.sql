-- One row per deal and open stage that it entered, dated by its first entry; and, in no stage, one per deal created, one per
-- lead qualified, and one per deal on the day of the first meeting held with it.
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
) %}
    select
        source_system,
        deal_id,
        cast(null as varchar) as lead_id,
        entered_on as event_on,
        stage,
        rep,
        team,
        pipeline,
        1 as entered,
        case when has_advanced then 1 else 0 end as has_advanced,
        case when has_advanced then 1 end as advanced,
        null as created,
        null as won,
        null as qualified,
        null as met,
        null as met_deal,
        null as met_won
    from {{ ref('fct_stage_visits') }}
    where is_first_entry
    union all
    select
        source_system,
        deal_id,
        null as lead_id,
        created_on as event_on,
        null as stage,
        rep,
        team,
        pipeline,
        null as entered,
        null as has_advanced,
        null as advanced,
        1 as created,
        case when state = 'won' then 1 else 0 end as won,
        null as qualified,
        null as met,
        null as met_deal,
        null as met_won
    from {{ ref('fct_deals') }}
    where is_visible
    union all
    select
        leads.source_system,
        null as deal_id,
        leads.lead_id,
        leads.qualified_on as event_on,
        null as stage,
        leads.rep,
        leads.team,
        '(none)' as pipeline,
        null as entered,
        null as has_advanced,
        null as advanced,
        null as created,
        null as won,
        1 as qualified,
        case
            when exists (
                select 1
                from {{ ref('fct_lead_meetings') }} as meetings
                where
                    leads.source_system = meetings.source_system
                    and leads.lead_id = meetings.lead_id
                    and leads.qualified_at <= meetings.scheduled_for
            ) then 1
            else 0
        end as met,
        null as met_deal,
        null as met_won
    from {{ ref('fct_leads') }} as leads
    where leads.is_visible and leads.qualified_on is not null
    union all
    select
        deals.source_system,
        deals.deal_id,
        null as lead_id,
        meetings.scheduled_on as event_on,
        null as stage,
        deals.rep,
        deals.team,
        deals.pipeline,
        null as entered,
        null as has_advanced,
        null as advanced,
        null as created,
        null as won,
        null as qualified,
        null as met,
        1 as met_deal,
        case when deals.state = 'won' then 1 else 0 end as met_won
    from {{ ref('fct_deals') }} as deals
    inner join {{ ref('fct_deal_meetings') }} as meetings
        on deals.source_system = meetings.source_system
        and deals.deal_id = meetings.deal_id
        and meetings.meeting_number = 1
{% endcall %}
