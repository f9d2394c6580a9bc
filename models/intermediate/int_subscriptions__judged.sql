-- One row per delivered row of subscriptions, with its fate: kept, merged or rejected.
{{ judge('subscriptions') }}
