-- One row per change of a deal's stage.
select
    source_system,
    deal_id,
    stage_name,
    pipeline,
    stage,
    position,
    outcome,
    is_qualified,
    entered_at,
    {{ local_date('entered_at') }} as entered_on,
    is_visible,
    change_number,
    next_change_at,
    previous_stage
from {{ ref('int_deal_stage_changes') }}
