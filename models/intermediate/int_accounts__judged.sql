-- One row per delivered row of accounts, with its fate: kept, merged or rejected.
{{ judge('accounts') }}
