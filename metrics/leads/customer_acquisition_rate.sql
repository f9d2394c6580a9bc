-- One row per prospect: a lead that was contacted, and not only after it was won, on the day of the first contact.
{% call kpi(
    measures={'acquisition_rate': {'ratio': ['won', 'contacted'], 'cohort': true}},
    dimensions=['outreach_method', 'touches', 'rep', 'team'],
    outcomes={'won': 'case when first_won_at < {as_of} then 1 else 0 end'},
    undated=['touches'],
) %}
    select
        leads.source_system,
        leads.lead_id,
        leads.first_contact_on as event_on,
        leads.first_contact_at as known_at,
        leads.first_won_at,
        leads.first_contact_kind as outreach_method,
        case
            when leads.outbound_touches <= 1 then '1'
            when leads.outbound_touches = 2 then '2'
            when leads.outbound_touches <= 4 then '3–4'
            when leads.outbound_touches <= 7 then '5–7'
            else '8+'
        end as touches,
        {{ owner_labels('leads', 'first_contact_rep_id') }},
        1 as contacted
    from {{ ref('fct_leads') }} as leads
    {{ joined_owner('leads', 'first_contact_rep_id') }}
    {{ joined_deliveries('leads') }}
    where
        leads.is_visible and leads.first_contact_on is not null
        and (leads.first_won_at is null or leads.first_contact_at <= leads.first_won_at)
{% endcall %}
