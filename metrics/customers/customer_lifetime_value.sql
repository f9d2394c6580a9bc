-- One row for each thing that a customer's value is made of: lines of orders, won deals, new customers, costs;
-- customers at the start of a month and lost in it; customers at a month's end, with their subscriptions; and how long
-- each has been one.
{% set monthly_value = '{trailing.profit} / nullif({trailing.costed_revenue}, 0)'
    ~ ' * {trailing.at_start} / nullif({trailing.lost}, 0) * {trailing.mrr} / nullif({trailing.at_end}, 0)' %}
{% set cac = '{trailing.cost} / nullif({trailing.new}, 0)' %}
{% set relationship_days = '({period.end_day_number} * {running} - {running_from} + {ended_days})' %}
{% call kpi(
    measures={
        'clv': {'formula': monthly_value, 'counts': 'trailing.at_end', 'by_day': not customers_subscribe()},
        'clv_relationship': {
            'formula': '{trailing.deal_revenue} / nullif({trailing.at_end} / 12, 0) * ' ~ relationship_days
                ~ ' / 365.25 / nullif({relationship}, 0) - ' ~ cac,
            'counts': 'relationship',
            'by_day': not customers_subscribe(),
            'dimensions': ['channel'],
        },
        'cac': {'ratio': ['trailing.cost', 'trailing.new'], 'dimensions': ['channel']},
        'ltv_cac_ratio': {
            'formula': monthly_value ~ ' / nullif(' ~ cac ~ ', 0)',
            'counts': 'trailing.at_end',
            'by_day': not customers_subscribe(),
            'dimensions': ['channel'],
        },
    },
    dimensions=['segment', 'channel'],
    row_kinds=['event', 'state', 'span'],
) %}
    {% set inputs = [
        'costed_revenue', 'profit', 'deal_revenue', 'new', 'cost', 'at_start', 'lost', 'at_end', 'mrr', 'relationship',
        'running', 'running_from', 'ended_days',
    ] -%}
    {% set parts = [
        {
            'from': ref('fct_order_lines'), 'key': 'order_line_id', 'where': 'is_visible and cost is not null',
            'event_on': 'ordered_on', 'known_at': 'ordered_at',
            'inputs': {'costed_revenue': 'revenue', 'profit': 'revenue - cost'},
        },
        {
            'from': ref('fct_deals'), 'key': 'deal_id', 'where': "state = 'won'",
            'event_on': 'closed_on', 'known_at': 'closed_at', 'inputs': {
                'deal_revenue': 'amount', 'new': 'case when win_number = 1 then 1 end',
            },
        },
        {
            'from': ref('fct_ad_spend'), 'key': 'spend_id', 'where': 'is_visible', 'channel': 'channel',
            'event_on': 'spent_on', 'inputs': {'cost': 'cost'},
        },
        {
            'from': ref('fct_acquisition_costs'), 'key': 'cost_id', 'where': 'is_visible', 'channel': 'channel',
            'event_on': 'incurred_on', 'inputs': {'cost': 'amount'},
        },
        {
            'from': ref('fct_customer_spans'), 'key': 'account_id', 'where': "span in ('start', 'lost')",
            'held_from_on': 'held_from_on', 'held_to_on': 'held_to_on',
            'valid_from_on': 'valid_from_on', 'valid_to_on': 'valid_to_on',
            'inputs': {
                'at_start': "case when span = 'start' then 1 end", 'lost': "case when span = 'lost' then 1 end",
            },
        },
        {
            'from': ref('fct_customer_subscriptions'), 'key': 'subscription_id', 'where': 'true',
            'valid_from_on': 'runs_from_on', 'valid_to_on': 'runs_to_on', 'inputs': {'mrr': 'mrr'},
        },
        {
            'from': ref('fct_customer_lifetimes'), 'key': 'account_id', 'where': 'true',
            'valid_from_on': 'active_from_on', 'valid_to_on': 'active_to_on',
            'inputs': {
                'at_end': '1', 'relationship': '1', 'running': '1', 'running_from': day_number('first_active_on'),
            },
        },
        {
            'from': ref('fct_customer_lifetimes'), 'key': 'account_id', 'where': 'active_to_on is not null',
            'valid_from_on': 'active_to_on', 'valid_to_on': 'returned_on',
            'inputs': {'relationship': '1', 'ended_days': days_between('first_active_on', 'lost_on')},
        },
    ] -%}
    {# The linter loses its place in what loops write. -#}
    -- noqa: disable=LT02
    {% for part in parts -%}
        select
            parts.source_system,
            parts.{{ part['key'] }} as row_key,
            {% for column in ['event_on', 'held_from_on', 'held_to_on', 'valid_from_on', 'valid_to_on'] -%}
                cast({{ 'parts.' ~ part[column] if column in part else 'null' }} as date) as {{ column }},
            {% endfor -%}
            cast({{ 'parts.' ~ part['known_at'] if 'known_at' in part else 'null' }} as timestamp) as known_at,
            {% if 'channel' in part -%}
                cast(null as {{ dbt.type_string() }}) as segment,
                parts.channel,
            {% else -%}
                coalesce(owners.segment, '(none)') as segment,
                coalesce(owners.channel, '(none)') as channel,
            {% endif -%}
            {% for input in inputs -%}
                {{ part['inputs'].get(input, 'cast(null as bigint)') }} as {{ input }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ part['from'] }} as parts
        {% if 'channel' not in part -%}
            left join {{ ref('dim_account_owners') }} as owners
                on parts.source_system = owners.source_system
                and parts.account_id = owners.account_id
        {% endif -%}
        where {{ part['where'] }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
{% endcall %}
