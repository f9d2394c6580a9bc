-- One row per pixel event as the demo company delivers it.
{{ stage_seed('pixel_events') }}
