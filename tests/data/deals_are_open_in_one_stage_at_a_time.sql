-- The open intervals of a deal have a length and do not overlap, neither as instants nor as the local dates that
-- figures count by. So a deal is open in one stage at most at the end of any day.
with ordered as (
    select
        source_system,
        deal_id,
        valid_from_at,
        valid_to_at,
        valid_from_on,
        valid_to_on,
        lead(valid_from_at) over (partition by source_system, deal_id order by valid_from_at) as next_from_at,
        lead(valid_from_on) over (partition by source_system, deal_id order by valid_from_at) as next_from_on
    from {{ ref('fct_open_deal_intervals') }}
)

select *
from ordered
where
    valid_to_at <= valid_from_at
    or valid_to_on < valid_from_on
    or next_from_at < valid_to_at
    or (next_from_at is not null and valid_to_at is null)
    or next_from_on < valid_to_on
