-- One row per event of the funnel from a product seen to one bought. Rates count distinct sessions (else visitors, else
-- events), and of these only such as had the denominator's event too.
{% call kpi(
    measures={
        'purchase_rate': {'ratio': ['bought_of_checked_out', 'checked_out']},
        'add_to_cart_rate': {'ratio': ['added_of_viewed', 'viewed']},
        'checkout_rate': {'ratio': ['checked_out_of_added', 'added']},
        'view_content': {'count': 'view_content'},
        'add_to_cart': {'count': 'add_to_cart'},
        'initiate_checkout': {'count': 'initiate_checkout'},
        'purchase': {'count': 'purchase'},
        'purchase_value': {'sum': 'purchase_value'},
    },
    dimensions=['channel', 'campaign'],
    inputs=['view_content', 'add_to_cart', 'initiate_checkout', 'purchase'],
    subjects={'counted_once_by': {
        'viewed': 'case when n_view_content > 0 then 1 end',
        'added_of_viewed': 'case when n_view_content > 0 then case when n_add_to_cart > 0 then 1 else 0 end end',
        'added': 'case when n_add_to_cart > 0 then 1 end',
        'checked_out_of_added': 'case when n_add_to_cart > 0 then case when n_initiate_checkout > 0 then 1 else 0 end end',
        'checked_out': 'case when n_initiate_checkout > 0 then 1 end',
        'bought_of_checked_out': 'case when n_initiate_checkout > 0 then case when n_purchase > 0 then 1 else 0 end end',
    }},
) %}
    select
        *,
        occurred_on as event_on,
        occurred_at as known_at,
        case when event_name = 'ViewContent' then 1 end as view_content,
        case when event_name = 'AddToCart' then 1 end as add_to_cart,
        case when event_name = 'InitiateCheckout' then 1 end as initiate_checkout,
        case when event_name = 'Purchase' then 1 end as purchase,
        case when event_name = 'Purchase' then value end as purchase_value
    from {{ ref('fct_pixel_events') }}
    where is_visible and event_name in ('ViewContent', 'AddToCart', 'InitiateCheckout', 'Purchase')
{% endcall %}
