-- One row per e-mail as the folder's file delivers it.
{{ stage_file('emails') }}
