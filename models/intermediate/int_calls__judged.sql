-- One row per delivered row of calls, with its fate: kept, merged or rejected.
{{ judge('calls') }}
