-- One row per sales call. A call that was not closed, and of which nobody says whether it could have been, counts as
-- winnable.
{{ config(meta={'takes_in': 'days', 'day': 'started_on'}) }}
with calls as (
    select * from {{ kept('calls') }} as calls
)

select
    calls.source_system,
    calls.call_id,
    calls.started_at,
    {{ local_date('calls.started_at') }} as started_on,
    {{ is_before_as_of('calls.started_at') }} as is_visible,
    {{ owner_labels('calls') }},
    calls.lead_id,
    calls.deal_id,
    calls.direction,
    calls.outcome,
    calls.outcome = 'not_closed' and coalesce(calls.is_winnable, true) as is_dropped,
    calls.outcome = 'not_closed' and not coalesce(calls.is_winnable, true) as is_unwinnable,
    calls.duration_seconds
from calls
{{ joined_owner('calls') }}
{{ joined_deliveries('calls') }}
