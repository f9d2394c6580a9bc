-- One row per rep.
select
    source_system,
    rep_id,
    rep_name,
    rep,
    coalesce(team, '(none)') as team,
    coalesce(region, '(none)') as region,
    manager_id,
    hired_on,
    left_on
from {{ with_label(kept('reps'), 'rep_name', 'rep_id', 'rep') }} as reps
