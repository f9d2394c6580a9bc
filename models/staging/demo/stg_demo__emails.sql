-- One row per e-mail as the demo company delivers it.
{{ stage_seed('emails') }}
