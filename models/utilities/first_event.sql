-- One row: the local date of the first event that is visible as of as_of; where there is none, as_of's own day, so that
-- a company without events has periods too.
select coalesce(min(event_on), {{ as_of_date() }}) as first_event_on
from (
    select created_on as event_on from {{ ref('fct_deals') }}
    where is_visible
    union all
    select closed_on as event_on from {{ ref('fct_deals') }}
    where is_visible
    union all
    select entered_on as event_on from {{ ref('fct_deal_stage_changes') }}
    where is_visible
) as events
