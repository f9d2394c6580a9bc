-- One row per meeting as the folder's file delivers it.
{{ stage_file('meetings') }}
