-- Open at a period's start (at the end of the one before) + opened in it − closed in it = open at its end: deals and
-- their amounts, in all, by rep and by stage, where a deal that moves on leaves one stage and enters another.
{% set dimensions = {'total': "'total'", 'rep': 'rep', 'stage': 'stage'} -%}
with intervals as (
    select * from {{ ref('fct_open_deal_intervals') }}
),

moves as (
    {% for dimension, slice in dimensions.items() -%}
        {% for day, direction in [('valid_from_on', 1), ('valid_to_on', -1)] -%}
            select
                '{{ dimension }}' as dimension,
                {{ slice }} as dimension_value,
                {{ day }} as moved_on,
                {{ direction }} as deals,
                {{ direction }} * coalesce(open_amount, 0) as amount
            from intervals
            where {{ day }} is not null
            {{ 'union all' if not loop.last }}
        {% endfor -%}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

moved as (
    select
        periods.grain,
        periods.period_start,
        periods.period_end,
        moves.dimension,
        moves.dimension_value,
        sum(moves.deals) as open_deals,
        sum(moves.amount) as open_amount
    from moves
    inner join {{ ref('window_days') }} as days
        on moves.moved_on = days.date_day
    inner join {{ ref('compared_periods') }} as periods
        on days.window_id = periods.window_id
        and periods.time_window = 'own'
    group by periods.grain, periods.period_start, periods.period_end, moves.dimension, moves.dimension_value
),

-- What was open at a day's start: of a day that ends two periods (a whole one, and one that the asked range cuts) once.
ends as (
    select distinct
        grain,
        period_end,
        measure,
        dimension,
        dimension_value,
        value
    from {{ ref('open_pipeline') }}
    where measure in ('open_deals', 'open_amount')
),

-- One line of figures per slice: what is open, what was open at the start, and what came and went.
lines as (
    {% for measure in ['open_deals', 'open_amount'] -%}
        select
            '{{ measure }}' as measure,
            grain,
            period_start,
            period_end,
            dimension,
            dimension_value,
            0 as at_start,
            cast({{ measure }} as {{ double_type() }}) as moved,
            0 as at_end
        from moved
        union all
    {% endfor -%}
    select
        measure,
        grain,
        period_start,
        period_end,
        dimension,
        dimension_value,
        0 as at_start,
        0 as moved,
        value as at_end
    from {{ ref('open_pipeline') }}
    where measure in ('open_deals', 'open_amount')
    union all
    select
        ends.measure,
        periods.grain,
        periods.period_start,
        periods.period_end,
        ends.dimension,
        ends.dimension_value,
        ends.value as at_start,
        0 as moved,
        0 as at_end
    from {{ ref('periods') }} as periods
    inner join ends
        on periods.grain = ends.grain
        and periods.period_start = ends.period_end
),

-- What the grid holds: slices of a grain that are not built ahead have no figures to check.
built as (
    select distinct
        grain,
        dimension
    from {{ ref('open_pipeline') }}
),

-- What was open before the first period is nowhere told.
with_predecessor as (
    select distinct
        periods.grain,
        periods.period_start,
        periods.period_end
    from {{ ref('periods') }} as periods
    inner join {{ ref('periods') }} as before
        on periods.grain = before.grain
        and periods.period_start = before.period_end
)

select
    lines.measure,
    lines.grain,
    lines.period_start,
    lines.period_end,
    lines.dimension,
    lines.dimension_value,
    sum(lines.at_start) as at_start,
    sum(lines.moved) as moved,
    sum(lines.at_end) as at_end
from lines
left join {{ ref('unavailable_measures') }} as unavailable
    on unavailable.kpi_id = 'open_pipeline'
    and lines.measure = unavailable.measure
    and lines.dimension = coalesce(unavailable.dimension, lines.dimension)
inner join built
    on lines.grain = built.grain
    and lines.dimension = built.dimension
inner join with_predecessor
    on lines.grain = with_predecessor.grain
    and lines.period_start = with_predecessor.period_start
    and lines.period_end = with_predecessor.period_end
where
    unavailable.kpi_id is null
    and lines.dimension in ('total', 'rep', 'stage')
group by
    lines.measure, lines.grain, lines.period_start, lines.period_end, lines.dimension, lines.dimension_value
-- Amounts are doubles, the nearest to each exact sum.
having
    abs(sum(lines.at_start) + sum(lines.moved) - sum(lines.at_end))
    > 1e-9 * greatest(abs(sum(lines.at_start)), abs(sum(lines.at_end)), 1)
