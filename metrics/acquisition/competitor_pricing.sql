-- One row per competitor's price and interval in which it was the latest known, beside our list price.
{% call kpi(
    measures={
        'price_premium': {'mean': 'premium'},
        'competitors': {'count': 'known_competitor'},
    },
    dimensions=['product', 'competitor'],
    row_kinds=['state'],
    inputs=['price', 'list_price', 'seen'],
    subjects={
        'product_key': {
            'premium': 'case when n_price > 0 then cast(' ~ rounded(
                as_double('list_price') ~ ' / nullif(' ~ as_double('price') ~ ', 0) - 1'
            ) ~ ' as decimal(38, 20)) end',
        },
        'competitor_name': {'known_competitor': 'case when n_seen > 0 then 1 end'},
    },
) %}
    select
        *,
        source_system || ':' || product_id as product_key,
        competitor as competitor_name,
        1 as seen
    from {{ ref('fct_price_comparisons') }}
{% endcall %}
