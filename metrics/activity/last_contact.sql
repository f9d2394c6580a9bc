-- One row per interval in which an open deal's or live lead's last contact did not change; and one for the part of it
-- in which it was stale.
{% set stale_from_on = shifted_days('last_contact_on', setting('stale_after_days') | int) %}
{% call kpi(
    measures={
        'mean_days': {'mean': 'contact_day', 'age': true},
        'median_days': {'percentile': ['contact_day', 0.5], 'age': true},
        'stale_share': {'ratio': ['stale', 'alive']},
    },
    dimensions=['rep', 'team', 'stage', 'subject'],
    row_kinds=['state'],
    outcomes={'stale': 'case when stale_from_on < {as_of_day} then 1 end'},
) %}
    select
        source_system,
        subject,
        subject_id,
        rep,
        team,
        stage,
        last_contact_on,
        cast(null as date) as stale_from_on,
        valid_from_at,
        valid_to_at,
        valid_from_on,
        valid_to_on,
        1 as alive,
        {{ day_number('last_contact_on') }} as contact_day
    from {{ ref('fct_contact_intervals') }}
    union all
    select
        source_system,
        subject,
        subject_id,
        rep,
        team,
        stage,
        last_contact_on,
        {{ stale_from_on }} as stale_from_on,
        valid_from_at,
        valid_to_at,
        greatest(valid_from_on, {{ stale_from_on }}) as valid_from_on,
        valid_to_on,
        null as alive,
        null as contact_day
    from {{ ref('fct_contact_intervals') }}
    where
        {{ stale_from_on }} < cast({{ as_of_local() }} as date)
        and (valid_to_on is null or valid_to_on > {{ stale_from_on }})
{% endcall %}
