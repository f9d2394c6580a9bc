-- One row per quote as the folder's file delivers it.
{{ stage_file('quotes') }}
