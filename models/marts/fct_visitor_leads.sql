-- One row per lead of a web visitor and way in which it meets a session of the visitor: for each set of channel,
-- campaign and landing page that it visited before, the latest such session; and, with no such set, the nearest session
-- before and after. The lead counts in a period that holds both days.
with sessions as (
    select * from {{ ref('fct_sessions') }}
    where is_visible
),

leads as (
    select * from {{ ref('fct_leads') }}
    where is_visible and visitor_id is not null
),

met as (
    select
        leads.source_system,
        leads.visitor_id,
        leads.lead_id,
        leads.created_at,
        leads.created_on,
        sessions.channel,
        sessions.campaign,
        sessions.landing_page,
        sessions.started_at,
        sessions.started_on,
        sessions.started_at < leads.created_at as is_before
    from leads
    inner join sessions
        on leads.source_system = sessions.source_system
        and leads.visitor_id = sessions.visitor_id
)

select
    source_system,
    visitor_id,
    lead_id,
    channel,
    campaign,
    landing_page,
    max(started_on) as first_day,
    max(created_on) as last_day,
    max(created_at) as known_at
from met
where is_before
group by source_system, visitor_id, lead_id, channel, campaign, landing_page
union all
select
    source_system,
    visitor_id,
    lead_id,
    null as channel,
    null as campaign,
    null as landing_page,
    case when is_before then max(started_on) else max(created_on) end as first_day,
    case when is_before then max(created_on) else min(started_on) end as last_day,
    case when is_before then max(created_at) else min(started_at) end as known_at
from met
group by source_system, visitor_id, lead_id, is_before
