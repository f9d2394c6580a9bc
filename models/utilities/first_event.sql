-- One row: the local date of the first event that is visible as of as_of; null where there is none.
select min(event_on) as first_event_on
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
