-- One row per lead qualified, and one per lead created.
{% call kpi(
    measures={
        'qualified_leads': {'count': 'qualified'},
        'qualification_rate': {'ratio': ['ever_qualified', 'created'], 'cohort': true},
    },
    dimensions=['rep', 'team', 'channel'],
) %}
    select
        source_system,
        lead_id,
        qualified_on as event_on,
        rep,
        team,
        channel,
        1 as qualified,
        null as created,
        null as ever_qualified
    from {{ ref('fct_leads') }}
    where is_visible and qualified_on is not null
    union all
    select
        source_system,
        lead_id,
        created_on as event_on,
        rep,
        team,
        channel,
        null as qualified,
        1 as created,
        case when qualified_on is not null then 1 else 0 end as ever_qualified
    from {{ ref('fct_leads') }}
    where is_visible
{% endcall %}
