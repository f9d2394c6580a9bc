-- One row per day's spend on a platform's advertisements as the demo company delivers it.
{{ stage_seed('ad_spend') }}
