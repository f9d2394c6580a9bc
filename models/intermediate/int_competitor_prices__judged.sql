-- One row per delivered row of competitor_prices, with its fate: kept, merged or rejected.
{{ judge('competitor_prices') }}
