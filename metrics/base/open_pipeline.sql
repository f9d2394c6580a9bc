-- One row per deal and interval in which it was open in one stage.
{% call kpi(
    measures={
        'open_deals': {'count': 'open_deal'},
        'open_amount': {'sum': 'open_amount'},
        'weighted_amount': {'sum': 'weighted_amount'},
    },
    dimensions=['rep', 'team', 'region', 'stage', 'pipeline'],
    row_kinds=['state'],
) %}
    select
        *,
        1 as open_deal
    from {{ ref('fct_open_deal_intervals') }}
{% endcall %}
