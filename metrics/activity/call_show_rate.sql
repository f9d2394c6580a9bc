-- One row per presentation (a discovery or demo meeting) that was booked.
{% call kpi(
    measures={
        'show_rate': {'ratio': ['held', 'due']},
        'scheduled': {'count': 'booked'},
        'no_shows': {'count': 'no_show'},
    },
    dimensions=['rep', 'team', 'channel', 'kind'],
) %}
    select
        *,
        scheduled_on as event_on,
        1 as booked,
        case when status in ('held', 'no_show') then 1 end as due,
        case when status = 'held' then 1 when status = 'no_show' then 0 end as held,
        case when status = 'no_show' then 1 end as no_show
    from {{ ref('fct_meetings') }}
    where is_visible and kind in ('discovery', 'demo')
{% endcall %}
