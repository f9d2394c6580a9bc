-- One row per presentation (a discovery or demo meeting) that was booked.
{% call kpi(
    measures={
        'show_rate': {'ratio': ['held', 'due']},
        'scheduled': {'count': 'booked'},
        'no_shows': {'count': 'no_show'},
    },
    dimensions=['rep', 'team', 'channel', 'kind'],
    outcomes={
        'due': "case when status in ('held', 'no_show') and scheduled_for < {as_of} then 1 end",
        'held': "case when scheduled_for < {as_of} then case status when 'held' then 1 when 'no_show' then 0 end end",
        'no_show': "case when status = 'no_show' and scheduled_for < {as_of} then 1 end",
    },
) %}
    select
        *,
        scheduled_on as event_on,
        least(scheduled_for, coalesce(booked_at, scheduled_for)) as known_at,
        1 as booked
    from {{ ref('fct_meetings') }}
    where is_visible and kind in ('discovery', 'demo')
{% endcall %}
