-- One row per quota of a rep or team, month and kind as the folder's file delivers it.
{{ stage_file('quotas') }}
