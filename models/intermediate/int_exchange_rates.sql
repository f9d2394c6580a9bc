-- One row per currency and interval [valid_from, valid_until) in which its rate holds. A rate valid only after
-- as_of is not used. Where several source systems give a rate for a day, the first in alphabetical order does.
with rates as (
    select
        currency,
        valid_from,
        rate,
        row_number() over (partition by currency, valid_from order by source_system) as choice
    from {{ kept('exchange_rates') }} as exchange_rates
    where valid_from <= {{ as_of_date() }}
)

select
    currency,
    valid_from,
    lead(valid_from) over (partition by currency order by valid_from) as valid_until,
    rate
from rates
where choice = 1
