-- One row per delivered row of quotes, with its fate: kept, merged or rejected.
{{ judge('quotes') }}
