-- One row per lead, with what became of it as of as_of: contact, qualification, opportunity, win.
with leads as (
    select * from {{ kept('leads') }} as leads
),

contacts as (
    select
        *,
        rep_id as first_contact_rep_id,
        row_number() over (
            partition by source_system, lead_id, is_outbound order by occurred_at, activity_id
        ) as contact_number
    from {{ ref('int_lead_contacts') }}
),

first_contacts as (
    select * from contacts
    where is_outbound and contact_number = 1
),

deals as (
    select
        *,
        case
            when state = 'won' then row_number() over (
                    partition by source_system, lead_id, state order by closed_at, deal_id
                )
        end as win_number_of_lead
    from {{ ref('fct_deals') }}
    where is_visible and lead_id is not null
),

outcomes as (
    select
        source_system,
        lead_id,
        count(*) as deals,
        min(created_at) as first_deal_created_at,
        max(case when win_number_of_lead = 1 then deal_id end) as first_won_deal_id,
        max(case when win_number_of_lead = 1 then closed_at end) as first_won_at,
        max(case when win_number_of_lead = 1 then closed_on end) as first_won_on
    from deals
    group by source_system, lead_id
),

touches as (
    select
        contacts.source_system,
        contacts.lead_id,
        count(case when contacts.occurred_at < outcomes.first_won_at then 1 end) as touches_before_win,
        count(case
            when
                contacts.is_outbound
                and (outcomes.first_won_at is null or contacts.occurred_at <= outcomes.first_won_at)
                then 1
        end) as outbound_touches
    from contacts
    left join outcomes
        on contacts.source_system = outcomes.source_system
        and contacts.lead_id = outcomes.lead_id
    group by contacts.source_system, contacts.lead_id
)

select
    leads.source_system,
    leads.lead_id,
    leads.created_at,
    {{ local_date('leads.created_at') }} as created_on,
    {{ is_before_as_of('leads.created_at') }} as is_visible,
    coalesce(leads.channel, '(none)') as channel,
    coalesce(leads.campaign, '(none)') as campaign,
    leads.origin,
    leads.is_provided,
    {{ owner_labels('leads') }},
    {{ owner_labels('leads', 'generated_by_rep_id', 'generators', 'generated_by_') }},
    leads.visitor_id,
    leads.account_id,
    leads.score,
    {{ known_at('leads.mql_at') }} as mql_at,
    {{ known_at('leads.qualified_at') }} as qualified_at,
    {{ local_date(known_at('leads.qualified_at')) }} as qualified_on,
    {{ known_at('leads.disqualified_at') }} as disqualified_at,
    first_contacts.occurred_at as first_contact_at,
    {{ local_date('first_contacts.occurred_at') }} as first_contact_on,
    first_contacts.kind as first_contact_kind,
    {{ owner_labels('first_contacts', 'first_contact_rep_id', 'contacting', 'first_contact_') }},
    coalesce(touches.outbound_touches, 0) as outbound_touches,
    coalesce(touches.touches_before_win, 0) as touches_before_win,
    coalesce(outcomes.deals, 0) > 0 as has_opportunity,
    outcomes.first_deal_created_at,
    outcomes.first_won_deal_id is not null as is_customer,
    outcomes.first_won_deal_id,
    outcomes.first_won_at,
    outcomes.first_won_on
from leads
left join first_contacts
    on leads.source_system = first_contacts.source_system
    and leads.lead_id = first_contacts.lead_id
left join touches
    on leads.source_system = touches.source_system
    and leads.lead_id = touches.lead_id
left join outcomes
    on leads.source_system = outcomes.source_system
    and leads.lead_id = outcomes.lead_id
{{ joined_owner('leads') }}
{{ joined_owner('leads', 'generated_by_rep_id', 'generators') }}
{{ joined_owner('first_contacts', 'first_contact_rep_id', 'contacting') }}
{{ joined_deliveries('leads') }}
