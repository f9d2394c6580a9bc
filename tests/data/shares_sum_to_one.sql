-- The shares of the slices of a dimension are parts of one whole: their numerators add up to the denominator that all
-- of them have, and they themselves to one. (While a build runs, kpi_values holds the KPIs built so far; each is there
-- whole.)
select
    kpi_id,
    measure,
    grain,
    period_start,
    period_end,
    dimension,
    sum(numerator) as parts,
    min(denominator) as whole,
    sum(value) as share
from {{ ref('kpi_values') }}
where {{ is_one_of(measures_of_kinds(['share'])) }}
group by kpi_id, measure, grain, period_start, period_end, dimension
having
    min(denominator) <> max(denominator)
    or sum(numerator) <> min(denominator)
    or (min(denominator) > 0 and coalesce(abs(sum(value) - 1) > 1e-9, true))
    or (min(denominator) = 0 and sum(value) is not null)
