-- One row per meeting held with a lead or account.
{% call kpi(
    measures={
        'follow_up_meetings': {'count': 'follow_up'},
        'second_meeting_rate': {'ratio': ['followed', 'first_held'], 'cohort': true},
    },
    dimensions=['rep', 'team'],
    outcomes={
        'followed': 'case when held_number = 1 then case when next_held_at < {as_of} then 1 else 0 end end',
    },
) %}
    select
        *,
        scheduled_on as event_on,
        scheduled_for as known_at,
        lead(scheduled_for) over (partition by source_system, met_with order by held_number) as next_held_at,
        case when held_number > 1 then 1 end as follow_up,
        case when held_number = 1 then 1 end as first_held
    from {{ ref('fct_meetings') }}
    where held_number is not null
{% endcall %}
