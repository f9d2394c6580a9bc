-- One row per lead that a deal visible as of as_of came from: whether one was won, and which one first.
with deals as (
    select * from {{ ref('fct_deals') }}
    where is_visible and lead_id is not null
),

ranked as (
    select
        *,
        case
            when state = 'won' then row_number() over (
                    partition by source_system, lead_id, state order by closed_at, deal_id
                )
        end as win_number_of_lead
    from deals
)

select
    source_system,
    lead_id,
    count(*) as deals,
    max(case when win_number_of_lead = 1 then deal_id end) as first_won_deal_id,
    max(case when win_number_of_lead = 1 then closed_at end) as first_won_at,
    max(case when win_number_of_lead = 1 then closed_on end) as first_won_on
from ranked
group by source_system, lead_id
