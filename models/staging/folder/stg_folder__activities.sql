-- One row per activity as the folder's file delivers it.
{{ stage_file('activities') }}
