-- One row per interval in which a deal was open, for its number at the period's end; and one per deal closed in the
-- period, for revenue per won deal, win rate and sales cycle.
{% set velocity = '{open_deal} * {amount} / nullif({won}, 0) * {won} / nullif({closed}, 0)'
    ~ ' / nullif({days} / nullif({won}, 0), 0)' %}
{% call kpi(
    measures={
        'velocity_per_day': {
            'formula': velocity,
            'counts': ['open_deal', 'closed'],
        },
        'forecast': {
            'formula': velocity ~ ' * {period.selling_days}',
            'counts': ['open_deal', 'closed'],
        },
    },
    dimensions=['rep', 'team', 'pipeline'],
    row_kinds=['event', 'state'],
    grains=['month', 'quarter', 'year', 'fiscal_quarter', 'fiscal_year', 'custom'],
) %}
    select
        source_system,
        deal_id,
        cast(null as date) as event_on,
        cast(null as timestamp) as known_at,
        valid_from_at,
        valid_to_at,
        valid_from_on,
        valid_to_on,
        rep,
        team,
        pipeline,
        1 as open_deal,
        null as closed,
        null as won,
        null as amount,
        null as days
    from {{ ref('fct_open_deal_intervals') }}
    union all
    select
        source_system,
        deal_id,
        closed_on as event_on,
        closed_at as known_at,
        null as valid_from_at,
        null as valid_to_at,
        null as valid_from_on,
        null as valid_to_on,
        rep,
        team,
        pipeline,
        null as open_deal,
        1 as closed,
        case when state = 'won' then 1 else 0 end as won,
        case when state = 'won' then amount end as amount,
        case when state = 'won' then days_to_close end as days
    from {{ ref('fct_deals') }}
    where state in ('won', 'lost')
{% endcall %}
