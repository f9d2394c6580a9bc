-- One row per cost of winning customers as the folder's file delivers it.
{{ stage_file('acquisition_costs') }}
