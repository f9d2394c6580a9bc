-- One row per delivered row of emails, with its fate: kept, merged or rejected.
{{ judge('emails') }}
