-- One row per competitor's price of one of our products, as observed on a day as the demo company delivers it.
{{ stage_seed('competitor_prices') }}
