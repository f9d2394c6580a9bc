-- One row per session of a visitor. order_revenue is that of the orders placed in it, net of refunds as of as_of, in
-- the reporting currency.
{{ config(meta={'takes_in': 'days', 'day': 'started_on'}) }}
with sessions as (
    select * from {{ kept('sessions') }} as sessions
),

revenues as (
    select
        source_system,
        session_id,
        sum(revenue) as revenue
    from {{ ref('fct_order_lines') }}
    where is_visible and session_id is not null
    group by source_system, session_id
)

select
    sessions.source_system,
    sessions.session_id,
    sessions.visitor_id,
    sessions.started_at,
    {{ local_date('sessions.started_at') }} as started_on,
    {{ is_before_as_of('sessions.started_at') }} as is_visible,
    coalesce(sessions.channel, '(none)') as channel,
    sessions.source,
    sessions.medium,
    coalesce(sessions.campaign, '(none)') as campaign,
    coalesce(sessions.landing_page, '(none)') as landing_page,
    cast(coalesce(revenues.revenue, 0) as {{ money_type() }}) as order_revenue
from sessions
left join revenues
    on sessions.source_system = revenues.source_system
    and sessions.session_id = revenues.session_id
