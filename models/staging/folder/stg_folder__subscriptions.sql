-- One row per subscription as the folder's file delivers it.
{{ stage_file('subscriptions') }}
