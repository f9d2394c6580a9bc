-- One row per delivered row of reps, with its fate: kept, merged or rejected.
{{ judge('reps') }}
