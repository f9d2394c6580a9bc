-- One row per delivered row of acquisition_costs, with its fate: kept, merged or rejected.
{{ judge('acquisition_costs') }}
