-- One row per lead as the folder's file delivers it.
{{ stage_file('leads') }}
