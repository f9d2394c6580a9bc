-- One row per lead and contact with it as of as_of: a call, e-mail or meeting that is tied to the lead, or to a deal of
-- it, in either direction. Notes and tasks are no contact.
with activities as (
    select * from {{ kept('activities') }} as activities
    where kind in ('call', 'email', 'meeting') and {{ is_before_as_of('occurred_at') }}
),

deals as (
    select * from {{ kept('deals') }} as deals
),

tied as (
    select
        source_system,
        lead_id,
        activity_id
    from activities
    where lead_id is not null
    union all
    select
        activities.source_system,
        deals.lead_id,
        activities.activity_id
    from activities
    inner join deals
        on activities.source_system = deals.source_system
        and activities.deal_id = deals.deal_id
    where deals.lead_id is not null
),

distinct_ties as (
    select distinct
        source_system,
        lead_id,
        activity_id
    from tied
)

select
    distinct_ties.source_system,
    distinct_ties.lead_id,
    distinct_ties.activity_id,
    activities.kind,
    coalesce(activities.direction = 'outbound', false) as is_outbound,
    activities.occurred_at,
    activities.rep_id
from distinct_ties
inner join activities
    on distinct_ties.source_system = activities.source_system
    and distinct_ties.activity_id = activities.activity_id
