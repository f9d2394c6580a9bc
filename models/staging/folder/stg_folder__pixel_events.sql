-- One row per pixel event as the folder's file delivers it.
{{ stage_file('pixel_events') }}
