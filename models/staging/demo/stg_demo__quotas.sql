-- One row per quota of a rep or team, month and kind as the demo company delivers it.
{{ stage_seed('quotas') }}
