-- One row per meeting held with a lead or account.
{% call kpi(
    measures={
        'follow_up_meetings': {'count': 'follow_up'},
        'second_meeting_rate': {'ratio': ['followed', 'first_held'], 'cohort': true},
    },
    dimensions=['rep', 'team'],
) %}
    select
        *,
        scheduled_on as event_on,
        case when held_number > 1 then 1 end as follow_up,
        case when held_number = 1 then 1 end as first_held,
        case when held_number = 1 then case when held_in_all > 1 then 1 else 0 end end as followed
    from {{ ref('fct_meetings') }}
    where held_number is not null
{% endcall %}
