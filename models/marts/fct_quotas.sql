-- One row per quota of a rep or team for a month, in the currency it was set in.
select
    source_system,
    row_key as quota_key,
    rep_id,
    team,
    month,
    kind,
    target,
    currency
from {{ kept('quotas') }} as quotas
