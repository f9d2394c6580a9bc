-- One row per new product that replaces another, from its launch on; and one per line of an order of either.
{% set lost = 'case when n_launched > 0 then greatest('
    ~ exact_quotient('coalesce({}, 0) * cast(period.month_parts as decimal(18, 0))', 3 * month_parts())
    ~ ' - coalesce({}, 0), 0) end' %}
{% call kpi(
    measures={
        'cannibalization_rate': {'ratio': ['lost', 'new']},
        'cannibalization_rate_units': {'ratio': ['lost_units', 'new_units']},
    },
    dimensions=['product'],
    row_kinds=['event', 'state'],
    grains=['month', 'quarter', 'year', 'fiscal_quarter', 'fiscal_year', 'custom'],
    inputs=[
        'launched', 'baseline_revenue', 'baseline_units', 'old_revenue', 'old_units', 'successor_revenue',
        'successor_units',
    ],
    subjects={'product_key': {
        'lost': lost.replace('{}', 'baseline_revenue', 3).replace('{}', 'old_revenue'),
        'lost_units': lost.replace('{}', 'baseline_units', 3).replace('{}', 'old_units'),
        'new': 'case when n_launched > 0 then coalesce(successor_revenue, 0) end',
        'new_units': 'case when n_launched > 0 then coalesce(successor_units, 0) end',
    }},
) %}
    select
        *,
        source_system || ':' || product_id as product_key,
        ordered_on as event_on,
        ordered_at as known_at,
        launched_on as valid_from_on,
        cast(null as date) as valid_to_on,
        case when part = 'launch' then 1 end as launched,
        case when part = 'launch' then revenue end as baseline_revenue,
        case when part = 'launch' then units end as baseline_units,
        case when part = 'old' then revenue end as old_revenue,
        case when part = 'old' then units end as old_units,
        case when part = 'new' then revenue end as successor_revenue,
        case when part = 'new' then units end as successor_units
    from {{ ref('fct_successor_sales') }}
{% endcall %}
