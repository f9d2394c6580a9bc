-- One row per deal as the folder's file delivers it.
{{ stage_file('deals') }}
