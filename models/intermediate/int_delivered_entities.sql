-- One row per source system in use: which of the entities that others hang on it delivers.
select
    source_system,
    max(case when entity = 'reps' then 1 else 0 end) = 1 as has_reps,
    max(case when entity = 'accounts' then 1 else 0 end) = 1 as has_accounts,
    max(case when entity = 'products' then 1 else 0 end) = 1 as has_products,
    max(case when entity = 'stages' then 1 else 0 end) = 1 as has_stages,
    max(case when entity = 'deals' then 1 else 0 end) = 1 as has_deals
from {{ ref('int_delivered_columns') }}
group by source_system
