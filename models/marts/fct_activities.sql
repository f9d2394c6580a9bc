-- One row per activity of a rep: a call, e-mail, meeting, note or task.
{{ config(meta={'takes_in': 'days', 'day': 'occurred_on'}) }}
with activities as (
    select * from {{ kept('activities') }} as activities
)

select
    activities.source_system,
    activities.activity_id,
    activities.kind,
    activities.direction,
    activities.occurred_at,
    {{ local_date('activities.occurred_at') }} as occurred_on,
    {{ is_before_as_of('activities.occurred_at') }} as is_visible,
    activities.kind in ('call', 'email', 'meeting') as is_contact,
    {{ owner_labels('activities') }},
    activities.lead_id,
    activities.deal_id,
    activities.account_id
from activities
{{ joined_owner('activities') }}
{{ joined_deliveries('activities') }}
