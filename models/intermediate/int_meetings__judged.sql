-- One row per delivered row of meetings, with its fate: kept, merged or rejected.
{{ judge('meetings') }}
