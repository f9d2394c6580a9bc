-- One row per stage of a pipeline as the folder's file delivers it.
{{ stage_file('stages') }}
