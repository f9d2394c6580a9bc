-- The won deals of an account are numbered 1, 2, 3 … by (closed_at, deal_id); nothing else has a number. So new
-- customers and repeat sales together are the won deals that have an account.
with ordered as (
    select
        source_system,
        deal_id,
        state,
        account_id,
        closed_at,
        win_number,
        lag(win_number) over (
            partition by source_system, account_id, state order by closed_at, deal_id
        ) as number_before
    from {{ ref('fct_deals') }}
)

select *
from ordered
where
    (win_number is not null) <> (state = 'won' and account_id is not null)
    or win_number <> coalesce(number_before, 0) + 1
