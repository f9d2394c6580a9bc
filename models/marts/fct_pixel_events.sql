-- One row per event that the shop's pixel saw. value is in the reporting currency, at the day's rate. counted_once_by
-- is what rates count distinct: the session, else the visitor, else the event itself.
{{ config(meta={'takes_in': 'days', 'day': 'occurred_on'}) }}
with pixel_events as (
    select
        *,
        {{ local_date('occurred_at') }} as occurred_on,
        {{ is_before_as_of('occurred_at') }} as is_visible
    from {{ kept('pixel_events') }} as pixel_events
)

select
    pixel_events.source_system,
    pixel_events.event_id,
    pixel_events.event_name,
    pixel_events.occurred_at,
    pixel_events.occurred_on,
    pixel_events.is_visible,
    pixel_events.session_id,
    pixel_events.visitor_id,
    case
        when pixel_events.session_id is not null
            then pixel_events.source_system || ':session:' || pixel_events.session_id
        when pixel_events.visitor_id is not null
            then pixel_events.source_system || ':visitor:' || pixel_events.visitor_id
        else pixel_events.source_system || ':event:' || pixel_events.event_id
    end as counted_once_by,
    coalesce(pixel_events.channel, '(none)') as channel,
    coalesce(pixel_events.campaign, '(none)') as campaign,
    case
        when pixel_events.is_visible then {{ converted(
            'pixel_events.value', 'pixel_events.currency', 'rates', 'pixel_events.occurred_on'
        ) }}
    end as value
from pixel_events
{{ joined_rate('rates', 'pixel_events.currency', 'pixel_events.occurred_on') }}
