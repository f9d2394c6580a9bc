-- One row per delivered row of pixel_events, with its fate: kept, merged or rejected.
{{ judge('pixel_events') }}
