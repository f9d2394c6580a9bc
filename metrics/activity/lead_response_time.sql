-- One row per lead created, with the hours until it was first contacted. A lead that nobody has contacted, and that is
-- younger than the SLA allows, is not judged yet.
{% call kpi(
    measures={
        'median_hours': {'percentile': ['hours', 0.5], 'cohort': true},
        'mean_hours': {'mean': 'hours', 'cohort': true},
        'p90_hours': {'percentile': ['hours', 0.9], 'cohort': true},
        'within_sla_share': {'ratio': ['within_sla', 'judged'], 'cohort': true},
        'unanswered': {'count': 'unanswered', 'cohort': true},
    },
    dimensions=['rep', 'team', 'channel'],
) %}
    select
        *,
        created_on as event_on,
        case
            when first_contact_at is not null
                then {{ hours_between('created_at', 'first_contact_at') }}
        end as hours,
        case when first_contact_at is null then 1 end as unanswered,
        case
            when first_contact_at is not null or {{ shifted_hours('created_at', setting('response_sla_hours')) }} <= {{ as_of_utc() }}
                then 1
        end as judged,
        case
            when first_contact_at <= {{ shifted_hours('created_at', setting('response_sla_hours')) }} then 1
            when first_contact_at is not null or {{ shifted_hours('created_at', setting('response_sla_hours')) }} <= {{ as_of_utc() }}
                then 0
        end as within_sla
    from {{ ref('fct_leads') }}
    where is_visible
{% endcall %}
