-- One row per currency and day from which its rate to the reporting currency holds.
select
    source_system,
    currency,
    valid_from,
    rate
from {{ kept('exchange_rates') }} as exchange_rates
