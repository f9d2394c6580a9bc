-- One row per account. An account without a name is called by its id.
with named as (
    select
        *,
        coalesce(account_name, account_id) as shown_name
    from {{ kept('accounts') }} as accounts
)

select
    source_system,
    account_id,
    shown_name as account_name,
    account,
    coalesce(segment, '(none)') as segment,
    industry,
    country,
    region,
    owner_rep_id,
    created_at
from {{ with_label('named', 'shown_name', 'account_id', 'account') }} as accounts
