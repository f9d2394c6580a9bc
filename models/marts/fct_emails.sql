-- One row per e-mail sent; what became of it is known as of as_of.
{{ config(meta={'takes_in': 'days', 'day': 'sent_on'}) }}
with emails as (
    select * from {{ kept('emails') }} as emails
)

select
    emails.source_system,
    emails.email_id,
    emails.sent_at,
    {{ local_date('emails.sent_at') }} as sent_on,
    {{ is_before_as_of('emails.sent_at') }} as is_visible,
    coalesce(emails.email_type, '(none)') as email_type,
    coalesce(emails.campaign, '(none)') as campaign,
    {{ owner_labels('emails') }},
    emails.lead_id,
    {{ known_at('emails.delivered_at') }} as delivered_at,
    {{ known_at('emails.bounced_at') }} as bounced_at,
    {{ known_at('emails.first_opened_at') }} as first_opened_at,
    {{ known_at('emails.first_clicked_at') }} as first_clicked_at,
    {{ known_at('emails.replied_at') }} as replied_at
from emails
{{ joined_owner('emails') }}
{{ joined_deliveries('emails') }}
