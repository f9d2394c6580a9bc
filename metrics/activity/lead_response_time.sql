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
    outcomes={
        'hours': 'case when first_contact_at < {as_of} then hours_to_contact end',
        'unanswered': 'case when first_contact_at is null or first_contact_at >= {as_of} then 1 end',
        'judged': 'case when first_contact_at < {as_of} or sla_ends_at <= {as_of} then 1 end',
        'within_sla': 'case when first_contact_at < {as_of} and first_contact_at <= sla_ends_at then 1'
            ~ ' when first_contact_at < {as_of} or sla_ends_at <= {as_of} then 0 end',
    },
) %}
    select
        *,
        created_on as event_on,
        created_at as known_at,
        {{ shifted_hours('created_at', setting('response_sla_hours')) }} as sla_ends_at,
        case
            when first_contact_at is not null
                then {{ hours_between('created_at', 'first_contact_at') }}
        end as hours_to_contact
    from {{ ref('fct_leads') }}
    where is_visible
{% endcall %}
