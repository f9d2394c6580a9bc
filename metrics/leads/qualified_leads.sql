-- One row per lead qualified, and one per lead created.
{% call kpi(
    measures={
        'qualified_leads': {'count': 'qualified'},
        'qualification_rate': {'ratio': ['ever_qualified', 'created'], 'cohort': true},
    },
    dimensions=['rep', 'team', 'channel'],
    outcomes={'ever_qualified': 'case when created = 1 then case when qualified_at < {as_of} then 1 else 0 end end'},
) %}
    select
        source_system,
        lead_id,
        qualified_on as event_on,
        qualified_at as known_at,
        qualified_at,
        rep,
        team,
        channel,
        1 as qualified,
        null as created
    from {{ ref('fct_leads') }}
    where is_visible and qualified_on is not null
    union all
    select
        source_system,
        lead_id,
        created_on as event_on,
        created_at as known_at,
        qualified_at,
        rep,
        team,
        channel,
        null as qualified,
        1 as created
    from {{ ref('fct_leads') }}
    where is_visible
{% endcall %}
