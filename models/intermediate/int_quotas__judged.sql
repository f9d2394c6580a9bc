-- One row per delivered row of quotas, with its fate: kept, merged or rejected.
{{ judge('quotas') }}
