-- One row per delivered row of sessions, with its fate: kept, merged or rejected.
{{ judge('sessions') }}
