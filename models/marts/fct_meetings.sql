-- One row per meeting, with its status as of as_of and its place among the meetings held with the same customer.
with meetings as (
    select * from {{ kept('meetings') }} as meetings
),

leads as (
    select * from {{ kept('leads') }} as leads
),

deals as (
    select * from {{ ref('fct_deals') }}
),

linked as (
    select
        meetings.*,
        -- What either of them knows comes first; what neither does is unknown where a link points nowhere.
        case
            when leads.channel is not null then leads.channel
            when deals.channel not in ('(none)', '(unknown)') then deals.channel
            when
                deals.channel = '(unknown)'
                or (meetings.lead_id is not null and leads.lead_id is null)
                or (meetings.deal_id is not null and deals.deal_id is null)
                then '(unknown)'
            else '(none)'
        end as channel,
        case
            when meetings.account_id is not null then 'account:' || meetings.account_id
            when leads.account_id is not null then 'account:' || leads.account_id
            when meetings.lead_id is not null then 'lead:' || meetings.lead_id
            when deals.account_id is not null then 'account:' || deals.account_id
        end as met_with,
        case
            when {{ is_before_as_of('meetings.scheduled_for') }} then meetings.status
            else 'scheduled'
        end as status_then,
        {{ is_before_as_of('meetings.scheduled_for') }} or {{ is_before_as_of('meetings.booked_at') }} as is_known
    from meetings
    left join leads
        on meetings.source_system = leads.source_system
        and meetings.lead_id = leads.lead_id
    left join deals
        on meetings.source_system = deals.source_system
        and meetings.deal_id = deals.deal_id
)

select
    linked.source_system,
    linked.meeting_id,
    linked.scheduled_for,
    {{ local_date('linked.scheduled_for') }} as scheduled_on,
    linked.booked_at,
    coalesce(linked.is_known, false) as is_visible,
    coalesce(linked.kind, '(none)') as kind,
    linked.status_then as status,
    {{ owner_labels('linked') }},
    linked.channel,
    linked.lead_id,
    linked.account_id,
    linked.deal_id,
    linked.met_with,
    case
        when linked.status_then = 'held' and linked.met_with is not null then cast(row_number() over (
                partition by linked.source_system, linked.met_with, linked.status_then
                order by linked.scheduled_for, linked.meeting_id
            ) as bigint)
    end as held_number
from linked
{{ joined_owner('linked') }}
{{ joined_deliveries('linked') }}
