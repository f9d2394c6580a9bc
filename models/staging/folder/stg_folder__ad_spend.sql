-- One row per day's spend on a platform's advertisements as the folder's file delivers it.
{{ stage_file('ad_spend') }}
