-- One row per subscription whose currency has no rate at the start of a period that counts it: the first such start.
-- What no rate is known for matters only where a period starts in it and ends while the subscription runs.
with spans as (
    select * from {{ ref('fct_subscription_spans') }}
    where mrr is null and own_mrr is not null
),

periods as (
    select * from {{ ref('periods') }}
)

select
    spans.source_system,
    spans.subscription_id,
    min(periods.period_start) as needed_on
from spans
inner join periods
    on {{ span_holds('spans', 'periods.period_start', 'periods.period_end') }}
group by spans.source_system, spans.subscription_id
