-- One row per delivered row of exchange_rates, with its fate: kept, merged or rejected.
{{ judge('exchange_rates') }}
