-- One row per session of a visitor as the folder's file delivers it.
{{ stage_file('sessions') }}
