-- Nothing is dropped in silence: per entity, the rows delivered are those in its mart, the rejected and the merged
-- ones, and every rejected row and every repair is listed.
with rejected as (
    select
        entity,
        count(*) as listed
    from {{ ref('rejected_rows') }}
    group by entity
),

repaired as (
    select
        entity,
        count(*) as listed
    from {{ ref('repaired_rows') }}
    group by entity
)

select
    row_counts.*,
    rejected.listed as rejected_listed,
    repaired.listed as repairs_listed
from {{ ref('row_counts') }} as row_counts
left join rejected
    on row_counts.entity = rejected.entity
left join repaired
    on row_counts.entity = repaired.entity
where
    row_counts.delivered <> row_counts.in_mart + row_counts.rejected + row_counts.merged
    or row_counts.rejected <> coalesce(rejected.listed, 0)
    or row_counts.repairs <> coalesce(repaired.listed, 0)
