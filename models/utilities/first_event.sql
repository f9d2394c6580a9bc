-- One row: the local date of the first event that is visible as of as_of; where there is none, as_of's own day, so that
-- a company without events has periods too.
{% set events = [
    ('fct_deals', 'created_on'),
    ('fct_deals', 'closed_on'),
    ('fct_deal_stage_changes', 'entered_on'),
    ('fct_leads', 'created_on'),
    ('fct_leads', 'qualified_on'),
    ('fct_activities', 'occurred_on'),
    ('fct_emails', 'sent_on'),
    ('fct_calls', 'started_on'),
    ('fct_meetings', 'scheduled_on'),
    ('fct_quotes', 'sent_on'),
    ('fct_sessions', 'started_on'),
    ('fct_pixel_events', 'occurred_on'),
    ('fct_ad_spend', 'spent_on'),
    ('fct_orders', 'ordered_on'),
    ('fct_subscriptions', 'started_on'),
    ('fct_acquisition_costs', 'incurred_on'),
    ('fct_competitor_prices', 'observed_on'),
    ('fct_brand_mentions', 'mentioned_on'),
] -%}
select coalesce(min(event_on), {{ as_of_date() }}) as first_event_on
from (
    {% for fact, event_on in events -%}
        select {{ event_on }} as event_on from {{ ref(fact) }}
        where is_visible
        {{ 'union all' if not loop.last }}
    {% endfor %}
) as events
where event_on <= {{ as_of_date() }}
