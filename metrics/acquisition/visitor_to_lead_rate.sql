-- One row per session, and one per lead of a visitor and way in which it meets a session: in the slices that the
-- visitor had visited before, and in the total.
{% call kpi(
    measures={
        'visitor_to_lead_rate': {'ratio': ['converted', 'visitors']},
        'visitors': {'count': 'visitors'},
        'leads': {'count': 'leads'},
    },
    dimensions=['channel', 'campaign', 'landing_page'],
    paired=true,
    inputs=['visit', 'lead'],
    subjects={
        'visitor_key': {
            'visitors': 'case when n_visit > 0 then 1 end',
            'converted': 'case when n_visit > 0 then case when n_lead > 0 then 1 else 0 end end',
        },
        'lead_key': {'leads': 'case when n_lead > 0 then 1 end'},
    },
) %}
    select
        source_system,
        source_system || ':' || visitor_id as visitor_key,
        cast(null as {{ dbt.type_string() }}) as lead_key,
        session_id,
        cast(null as {{ dbt.type_string() }}) as lead_id,
        started_on as event_on,
        started_at as known_at,
        cast(null as date) as since_on,
        channel,
        campaign,
        landing_page,
        1 as visit,
        null as lead
    from {{ ref('fct_sessions') }}
    where is_visible
    union all
    select
        source_system,
        source_system || ':' || visitor_id as visitor_key,
        source_system || ':' || lead_id as lead_key,
        null as session_id,
        lead_id,
        last_day as event_on,
        known_at,
        first_day as since_on,
        channel,
        campaign,
        landing_page,
        null as visit,
        1 as lead
    from {{ ref('fct_visitor_leads') }}
{% endcall %}
