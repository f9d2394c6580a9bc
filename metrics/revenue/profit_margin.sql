-- One row per line of an order, net of refunds. A line without a known cost leaves both sides of a margin.
{% call kpi(
    measures={
        'profit_margin': {'ratio': ['profit', 'costed_revenue']},
        'mean_product_margin': {'mean': 'product_margin'},
        'projected_monthly_profit': {
            'formula': '{trailing.profit} / nullif({trailing.costed_revenue}, 0)'
                ~ ' * {trailing.revenue} / nullif({trailing_months.revenue}, 0)',
            'counts': 'trailing.revenue',
        },
    },
    dimensions=['product', 'product_line', 'channel'],
    inputs=['profit', 'costed_revenue'],
    subjects={'product_key': {
        'product_margin': 'case when product_key is not null then cast('
            ~ as_double('profit') ~ ' / nullif(' ~ as_double('costed_revenue') ~ ', 0) as decimal(38, 20)) end',
    }},
) %}
    select
        *,
        ordered_on as event_on,
        ordered_at as known_at,
        case when has_product then source_system || ':' || product_id end as product_key,
        case when cost is not null then revenue end as costed_revenue,
        revenue - cost as profit
    from {{ ref('fct_order_lines') }}
    where is_visible
{% endcall %}
