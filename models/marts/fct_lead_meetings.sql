-- One row per lead and meeting held with it, or on a deal of it.
with meetings as (
    select * from {{ ref('fct_meetings') }}
    where status = 'held'
),

deals as (
    select * from {{ ref('fct_deals') }}
),

tied as (
    select
        source_system,
        lead_id,
        meeting_id
    from meetings
    where lead_id is not null
    union
    select
        meetings.source_system,
        deals.lead_id,
        meetings.meeting_id
    from meetings
    inner join deals
        on meetings.source_system = deals.source_system
        and meetings.deal_id = deals.deal_id
    where deals.lead_id is not null
)

select
    tied.source_system,
    tied.lead_id,
    tied.meeting_id,
    meetings.scheduled_for
from tied
inner join meetings
    on tied.source_system = meetings.source_system
    and tied.meeting_id = meetings.meeting_id
