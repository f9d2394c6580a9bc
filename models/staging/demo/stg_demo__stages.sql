-- One row per stage of a pipeline as the demo company delivers it.
{{ stage_seed('stages') }}
