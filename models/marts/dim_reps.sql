-- One row per rep.
select
    source_system,
    rep_id,
    rep_name,
    {{ name_or_namesake('rep_name', 'rep_id') }} as rep,
    coalesce(team, '(none)') as team,
    coalesce(region, '(none)') as region,
    manager_id,
    hired_on,
    left_on
from {{ kept('reps') }} as reps
