-- One row per currency and day from which its rate holds as the folder's file delivers it.
{{ stage_file('exchange_rates') }}
