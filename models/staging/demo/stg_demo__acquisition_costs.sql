-- One row per cost of winning customers as the demo company delivers it.
{{ stage_seed('acquisition_costs') }}
