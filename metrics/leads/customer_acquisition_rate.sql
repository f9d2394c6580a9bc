-- One row per prospect: a lead that was contacted, and not only after it was won, on the day of the first contact.
{% call kpi(
    measures={'acquisition_rate': {'ratio': ['won', 'contacted'], 'cohort': true}},
    dimensions=['outreach_method', 'touches', 'rep', 'team'],
    outcomes={'won': 'case when first_won_at < {as_of} then 1 else 0 end'},
    undated=['touches'],
) %}
    select
        source_system,
        lead_id,
        first_contact_on as event_on,
        first_contact_at as known_at,
        first_won_at,
        first_contact_kind as outreach_method,
        case
            when outbound_touches <= 1 then '1'
            when outbound_touches = 2 then '2'
            when outbound_touches <= 4 then '3–4'
            when outbound_touches <= 7 then '5–7'
            else '8+'
        end as touches,
        first_contact_rep as rep,
        first_contact_team as team,
        1 as contacted
    from {{ ref('fct_leads') }}
    where
        is_visible and first_contact_on is not null
        and (first_won_at is null or first_contact_at <= first_won_at)
{% endcall %}
