-- One row per mention of the brand.
{% call kpi(
    measures={
        'mentions': {'count': 'mention'},
        'positive_share': {'ratio': ['positive', 'mention']},
        'negative_share': {'ratio': ['negative', 'mention']},
        'net_sentiment': {'ratio': ['net', 'mention']},
        'reach': {'sum': 'reach'},
    },
    dimensions=['platform'],
) %}
    select
        *,
        mentioned_on as event_on,
        mentioned_at as known_at,
        1 as mention,
        case when sentiment = 'positive' then 1 else 0 end as positive,
        case when sentiment = 'negative' then 1 else 0 end as negative,
        case sentiment when 'positive' then 1 when 'negative' then -1 else 0 end as net
    from {{ ref('fct_brand_mentions') }}
    where is_visible
{% endcall %}
