-- One row per deal won; a repeat sale where its account had won one before.
{% call kpi(
    measures={
        'repeat_sales': {'count': 'repeat_sale'},
        'repeat_revenue': {'sum': 'repeat_amount'},
        'repeat_share': {'ratio': ['is_repeat', 'won']},
    },
    dimensions=['channel'],
) %}
    select
        *,
        closed_on as event_on,
        closed_at as known_at,
        1 as won,
        case when win_number > 1 then 1 else 0 end as is_repeat,
        case when win_number > 1 then 1 end as repeat_sale,
        case when win_number > 1 then amount end as repeat_amount
    from {{ ref('fct_deals') }}
    where state = 'won'
{% endcall %}
