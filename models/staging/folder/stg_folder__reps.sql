-- One row per rep as the folder's file delivers it.
{{ stage_file('reps') }}
