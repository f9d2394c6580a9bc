-- One row per account and interval in which it was a customer without a break.
{% call kpi(
    measures={'active_customers': {'count': 'customer', 'by_day': not customers_subscribe()}},
    dimensions=['segment', 'rep', 'team'],
    row_kinds=['state'],
) %}
    select
        *,
        active_from_on as valid_from_on,
        active_to_on as valid_to_on,
        1 as customer
    from {{ ref('fct_customer_lifetimes') }}
{% endcall %}
