-- One row per deal and interval in which it was open in one stage.
{% call kpi(
    measures={
        'open_deals': {'count': 'open_deal'},
        'open_amount': {'sum': 'open_amount'},
        'share': {'share': 'open_deal'},
        'middle_share': {'ratio': ['middle', 'open_deal']},
    },
    dimensions=['stage', 'probability_bucket', 'rep', 'team'],
    row_kinds=['state'],
) %}
    select
        *,
        1 as open_deal,
        case when probability >= 0.25 and probability < 0.75 then 1 else 0 end as middle
    from {{ ref('fct_open_deal_intervals') }}
{% endcall %}
