-- One row per lead that became a customer, on the day of its first win: the deal's rep, the lead's channel.
{% call kpi(
    measures={
        'mean_days': {'mean': 'days_to_win'},
        'median_days': {'percentile': ['days_to_win', 0.5]},
        'p90_days': {'percentile': ['days_to_win', 0.9]},
        'mean_touches': {'mean': 'touches'},
    },
    dimensions=['channel', 'rep', 'team'],
) %}
    select
        leads.source_system,
        leads.lead_id,
        deals.deal_id,
        leads.first_won_on as event_on,
        leads.first_won_at as known_at,
        leads.channel,
        deals.rep,
        deals.team,
        {{ days_between('leads.created_on', 'leads.first_won_on') }} as days_to_win,
        leads.touches_before_win as touches
    from {{ ref('fct_leads') }} as leads
    inner join {{ ref('fct_deals') }} as deals
        on leads.source_system = deals.source_system
        and leads.first_won_deal_id = deals.deal_id
    where leads.is_visible
{% endcall %}
