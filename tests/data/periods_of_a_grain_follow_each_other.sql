-- The asked periods of a grain lie side by side without gap or overlap, all grains cover the day that as_of lies on,
-- and only the last period of a grain is running.
with ordered as (
    select
        periods.grain,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        settings.as_of_on,
        settings.period_start is not null or settings.period_end is not null as is_range_asked,
        lead(periods.period_start) over (partition by periods.grain order by periods.period_start) as next_start
    from {{ ref('periods') }} as periods
    cross join {{ ref('run_settings') }} as settings
    where periods.is_asked
)

select *
from ordered
where
    period_end <= period_start
    or period_start > as_of_on
    or next_start <> period_end
    or (not is_range_asked and next_start is not null and not is_complete)
    or (not is_range_asked and next_start is null and period_end <= as_of_on)
