-- One row per deal and meeting held on it, or with its lead; meeting_number 1 is the first one held.
with meetings as (
    select * from {{ ref('fct_meetings') }}
    where status = 'held'
),

deals as (
    select * from {{ ref('fct_deals') }}
    where is_visible
),

tied as (
    select
        deals.source_system,
        deals.deal_id,
        meetings.meeting_id
    from deals
    inner join meetings
        on deals.source_system = meetings.source_system
        and deals.deal_id = meetings.deal_id
    union
    select
        deals.source_system,
        deals.deal_id,
        meetings.meeting_id
    from deals
    inner join meetings
        on deals.source_system = meetings.source_system
        and deals.lead_id = meetings.lead_id
)

select
    tied.source_system,
    tied.deal_id,
    tied.meeting_id,
    meetings.scheduled_for,
    meetings.scheduled_on,
    cast(row_number() over (
        partition by tied.source_system, tied.deal_id order by meetings.scheduled_for, tied.meeting_id
    ) as bigint) as meeting_number
from tied
inner join meetings
    on tied.source_system = meetings.source_system
    and tied.meeting_id = meetings.meeting_id
