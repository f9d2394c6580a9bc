-- One row per lead created of which is known whether the company provided it.
{% call kpi(
    measures={
        'close_rate': {'ratio': ['provided_won', 'provided'], 'cohort': true},
        'self_sourced_close_rate': {'ratio': ['self_sourced_won', 'self_sourced'], 'cohort': true},
    },
    dimensions=['rep', 'team', 'channel'],
) %}
    select
        *,
        created_on as event_on,
        case when is_provided then 1 end as provided,
        case when is_provided then case when is_customer then 1 else 0 end end as provided_won,
        case when not is_provided then 1 end as self_sourced,
        case when not is_provided then case when is_customer then 1 else 0 end end as self_sourced_won
    from {{ ref('fct_leads') }}
    where is_visible and is_provided is not null
{% endcall %}
