-- One row per call as the folder's file delivers it.
{{ stage_file('calls') }}
