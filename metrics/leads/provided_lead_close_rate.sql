-- One row per lead created of which is known whether the company provided it.
{% call kpi(
    measures={
        'close_rate': {'ratio': ['provided_won', 'provided'], 'cohort': true},
        'self_sourced_close_rate': {'ratio': ['self_sourced_won', 'self_sourced'], 'cohort': true},
    },
    dimensions=['rep', 'team', 'channel'],
    outcomes={
        'provided_won': 'case when is_provided then case when first_won_at < {as_of} then 1 else 0 end end',
        'self_sourced_won': 'case when not is_provided then case when first_won_at < {as_of} then 1 else 0 end end',
    },
) %}
    select
        *,
        created_on as event_on,
        created_at as known_at,
        case when is_provided then 1 end as provided,
        case when not is_provided then 1 end as self_sourced
    from {{ ref('fct_leads') }}
    where is_visible and is_provided is not null
{% endcall %}
