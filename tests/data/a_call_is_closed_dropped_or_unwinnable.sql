-- Droppage, close and unwinnable rate are parts of one whole in every period and slice: each call is in just one of
-- them.
select
    grain,
    period_start,
    period_end,
    dimension,
    dimension_value,
    sum(numerator) as calls_in_a_rate,
    min(denominator) as calls,
    sum(value) as rates
from {{ ref('conversation_droppage') }}
where measure in ('droppage_rate', 'close_rate', 'unwinnable_rate')
group by grain, period_start, period_end, dimension, dimension_value
having
    count(*) <> 3
    or min(denominator) <> max(denominator)
    or sum(numerator) <> min(denominator)
    or (min(denominator) > 0 and coalesce(abs(sum(value) - 1) > 1e-9, true))
