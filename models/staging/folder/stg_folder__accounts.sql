-- One row per account as the folder's file delivers it.
{{ stage_file('accounts') }}
