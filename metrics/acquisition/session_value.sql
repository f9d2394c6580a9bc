-- One row per session, with the revenue of the orders placed in it; and one per spend on advertisements. The total's
-- margin covers the sessions of the channels with clicks.
{% call kpi(
    measures={
        'value_per_session': {'ratio': ['revenue', 'session']},
        'cost_per_click': {'ratio': ['cost', 'clicks'], 'dimensions': ['channel', 'campaign']},
        'margin_per_session': {
            'formula': 'case when slice = 0 then {clicked_revenue} / nullif({clicked_sessions}, 0)'
                ~ ' else {revenue} / nullif({session}, 0) end - {cost} / nullif({clicks}, 0)',
            'row_count': 'case when slice = 0 then cast(s_clicked_sessions as bigint) else n_session end + n_cost',
            'dimensions': ['channel', 'campaign'],
        },
        'sessions': {'count': 'session'},
    },
    dimensions=['channel', 'campaign', 'landing_page'],
    inputs=['session', 'revenue', 'cost', 'clicks'],
    subjects={'clicked_channel': {
        'clicked_revenue': 'case when clicks > 0 then revenue end',
        'clicked_sessions': 'case when clicks > 0 then session end',
    }},
) %}
    select
        source_system,
        session_id as row_key,
        started_on as event_on,
        started_at as known_at,
        channel,
        campaign,
        landing_page,
        channel as clicked_channel,
        1 as session,
        order_revenue as revenue,
        null as cost,
        null as clicks
    from {{ ref('fct_sessions') }}
    where is_visible
    union all
    select
        source_system,
        spend_id as row_key,
        spent_on as event_on,
        null as known_at,
        channel,
        campaign,
        null as landing_page,
        channel as clicked_channel,
        null as session,
        null as revenue,
        cost,
        coalesce(clicks, 0) as clicks
    from {{ ref('fct_ad_spend') }}
    where is_visible
{% endcall %}
