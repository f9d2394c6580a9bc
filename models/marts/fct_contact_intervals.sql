-- One row per open deal or live lead and interval in which its last contact did not change; in its open stage, for a
-- deal. A live lead is neither disqualified nor has a deal. Nobody contacted yet counts from the creation.
with contacts as (
    select * from {{ ref('fct_activities') }}
    where is_visible and is_contact
),

subjects as (
    select
        intervals.source_system,
        'deal' as subject,
        intervals.deal_id as subject_id,
        deals.created_at,
        intervals.rep,
        intervals.team,
        intervals.stage,
        intervals.valid_from_at,
        intervals.valid_to_at
    from {{ ref('fct_open_deal_intervals') }} as intervals
    inner join {{ ref('fct_deals') }} as deals
        on intervals.source_system = deals.source_system
        and intervals.deal_id = deals.deal_id
    union all
    select
        source_system,
        'lead' as subject,
        lead_id as subject_id,
        created_at,
        rep,
        team,
        '(none)' as stage,
        created_at as valid_from_at,
        case
            when disqualified_at is null then first_deal_created_at
            when first_deal_created_at is null then disqualified_at
            else least(disqualified_at, first_deal_created_at)
        end as valid_to_at
    from {{ ref('fct_leads') }}
    where is_visible
),

tied as (
    select
        source_system,
        'deal' as subject,
        deal_id as subject_id,
        occurred_at
    from contacts
    where deal_id is not null
    union
    select
        source_system,
        'lead' as subject,
        lead_id as subject_id,
        occurred_at
    from contacts
    where lead_id is not null
),

-- An interval begins where the subject's own does, and again at each contact within it.
begun as (
    select
        subjects.source_system,
        subjects.subject,
        subjects.subject_id,
        subjects.rep,
        subjects.team,
        subjects.stage,
        subjects.valid_from_at,
        subjects.valid_to_at,
        subjects.valid_from_at as begins_at,
        coalesce(max(tied.occurred_at), subjects.created_at) as last_contact_at
    from subjects
    left join tied
        on subjects.source_system = tied.source_system
        and subjects.subject = tied.subject
        and subjects.subject_id = tied.subject_id
        and subjects.valid_from_at >= tied.occurred_at
    group by
        subjects.source_system, subjects.subject, subjects.subject_id, subjects.created_at, subjects.rep, subjects.team,
        subjects.stage, subjects.valid_from_at, subjects.valid_to_at
    union all
    select
        subjects.source_system,
        subjects.subject,
        subjects.subject_id,
        subjects.rep,
        subjects.team,
        subjects.stage,
        subjects.valid_from_at,
        subjects.valid_to_at,
        tied.occurred_at as begins_at,
        tied.occurred_at as last_contact_at
    from subjects
    inner join tied
        on subjects.source_system = tied.source_system
        and subjects.subject = tied.subject
        and subjects.subject_id = tied.subject_id
        and subjects.valid_from_at < tied.occurred_at
        and (subjects.valid_to_at is null or subjects.valid_to_at > tied.occurred_at)
),

ended as (
    select
        *,
        coalesce(lead(begins_at) over (
            partition by source_system, subject, subject_id, valid_from_at order by begins_at
        ), valid_to_at) as ends_at
    from begun
)

select
    source_system,
    subject,
    subject_id,
    rep,
    team,
    stage,
    last_contact_at,
    {{ local_date('last_contact_at') }} as last_contact_on,
    begins_at as valid_from_at,
    ends_at as valid_to_at,
    {{ local_date('begins_at') }} as valid_from_on,
    {{ local_date('ends_at') }} as valid_to_on
from ended
where ends_at is null or ends_at > begins_at
