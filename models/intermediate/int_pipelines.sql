-- One row per pipeline that stages or deals name; a deal without one is in `default`.
select distinct pipeline
from (
    select pipeline from {{ kept('stages') }} as stages
    union all
    select coalesce(pipeline, 'default') as pipeline from {{ kept('deals') }} as deals
) as named
