-- One row per competitor's price of one of our products, as observed on a day as the folder's file delivers it.
{{ stage_file('competitor_prices') }}
