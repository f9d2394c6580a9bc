-- One row per rep as the demo company delivers it.
{{ stage_seed('reps') }}
