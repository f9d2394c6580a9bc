-- One row per delivered row of activities, with its fate: kept, merged or rejected.
{{ judge('activities') }}
