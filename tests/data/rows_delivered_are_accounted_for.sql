-- Nothing is dropped in silence: per entity, the rows delivered are those in its mart, the rejected and the merged
-- ones, and every rejected row and every repair is listed.
with listed as (
    select
        row_counts.entity,
        (select count(*) from {{ ref('rejected_rows') }} as rejected where rejected.entity = row_counts.entity) as rejected,
        (select count(*) from {{ ref('repaired_rows') }} as repaired where repaired.entity = row_counts.entity) as repairs
    from {{ ref('row_counts') }} as row_counts
)

select
    row_counts.*,
    listed.rejected as rejected_listed,
    listed.repairs as repairs_listed
from {{ ref('row_counts') }} as row_counts
inner join listed
    on row_counts.entity = listed.entity
where
    row_counts.delivered <> row_counts.in_mart + row_counts.rejected + row_counts.merged
    or row_counts.rejected <> listed.rejected
    or row_counts.repairs <> listed.repairs
