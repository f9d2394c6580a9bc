{#- How rows meet periods: the cells of events, states and spans. Pure Jinja, part of the roll-up (rollup.sql).
    Each gives one row per window of a period, slice and subject with the sum (s_) and the row count (n_) of each input.
    `keys` are those of rollup(): dims, subjects, slices, grid, windows, paired, has_spans. -#}

{#- Events are added up per day first, then the days to the periods that hold them. -#}
{% macro event_cells(relations, inputs, keys) -%}
{%- set since = ['since_on'] if keys.paired else [] -%}
daily as (
    select
        event_on,
        {{ slice_number(keys.slices) }} as slice,
        {{ listed(since + keys.subjects + keys.dims) }}
        {{ input_sums(inputs) }}
    from {{ relations['rows'] }}
    where event_on is not null
    group by {{ grouping_sets(['event_on'] + since + keys.subjects, keys.slices) }}
),

event_cells as (
    select
        {{ listed(period_keys(), 'period_days.') }}
        {{ listed(['slice'] + keys.subjects + keys.dims, 'daily.') }}
        {% for input in inputs -%}
        sum(daily.s_{{ input }}) as s_{{ input }},
        sum(daily.n_{{ input }}) as n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from daily
    inner join {{ relations['period_days'] }} as period_days
        on {{ event_meets_day('daily', 'period_days', keys) }}
    where
        {{ is_window_used('period_days', keys) }}
        and {{ is_in_grid(keys.grid, keys.slices, 'period_days.grain', 'daily.slice') }}
    group by {% for key in period_keys() %}period_days.{{ key }}, {% endfor %}{% for key in ['slice'] + keys.subjects + keys.dims %}daily.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
    {% if 'previous' in keys.windows or 'year' in keys.windows -%}
    union all
    {{ cells_of_part_days(relations, inputs, keys) }}
    {% endif %}
),

{% endmacro %}


{#- The last day of a comparison with a running period counts only up to the same time of the day. -#}
{% macro cells_of_part_days(relations, inputs, keys) -%}
    select
        {{ listed(period_keys(), 'period_days.') }}
        {{ slice_number(keys.slices) }} as slice,
        {{ listed(keys.subjects + keys.dims) }}
        {{ input_sums(inputs) }}
    from {{ relations['rows'] }} as kpi_rows
    inner join {{ relations['period_days'] }} as period_days
        on {{ event_meets_part_day('kpi_rows', 'period_days') }}
    where {{ is_window_used('period_days', keys) }}
    group by {{ grouping_sets(
        ['period_days.time_window', 'period_days.grain', 'period_days.period_start', 'period_days.period_end'] + keys.subjects,
        keys.slices
    ) }}
{%- endmacro %}


{#- States are steps up where they begin and down where they end; their running sum is the state on any day. -#}
{% macro state_cells(relations, inputs, keys) -%}
{%- set slice_keys = ['slice'] + keys.subjects + keys.dims -%}
state_steps as (
    select
        step_on,
        {{ slice_number(keys.slices) }} as slice,
        {{ listed(keys.subjects + keys.dims) }}
        {{ input_sums(inputs, 'direction') }}
    from (
        select valid_from_on as step_on, 1 as direction, {{ listed(keys.subjects + keys.dims) }} {{ inputs | join(', ') }}
        from {{ relations['rows'] }}
        where valid_from_on is not null {{ 'and held_from_on is null' if keys.has_spans }}
        union all
        select valid_to_on as step_on, -1 as direction, {{ listed(keys.subjects + keys.dims) }} {{ inputs | join(', ') }}
        from {{ relations['rows'] }}
        where valid_from_on is not null and valid_to_on is not null {{ 'and held_from_on is null' if keys.has_spans }}
    ) as changes
    group by {{ grouping_sets(['step_on'] + keys.subjects, keys.slices) }}
),

state_marks as (
    select
        ends.window_end,
        {{ listed(slice_keys, 'sliced.') }}
        {% for input in inputs %}null as s_{{ input }}, null as n_{{ input }}{{ ', ' if not loop.last }}{% endfor %}
    from (
        select distinct window_end from {{ relations['windows'] }} as windows
        where {{ is_window_used('windows', keys) }}
    ) as ends
    cross join (select distinct {{ slice_keys | join(', ') }} from state_steps) as sliced
),

state_running as (
    select
        window_end,
        is_mark,
        {{ listed(slice_keys) }}
        {{ running_sums(inputs) }}
    from (
        select step_on as window_end, false as is_mark, {{ listed(slice_keys) }} {{ sum_columns(inputs) }} from state_steps
        union all
        select window_end, true as is_mark, {{ listed(slice_keys) }} {{ sum_columns(inputs) }} from state_marks
    ) as steps_and_marks
    window step_order as (
        partition by {{ slice_keys | join(', ') }}
        order by window_end, case when is_mark then 0 else 1 end
        rows between unbounded preceding and current row
    )
),

state_cells as (
    select
        {{ listed(period_keys(), 'windows.') }}
        {{ listed(slice_keys, 'state_running.') }}
        {% for input in inputs -%}
        state_running.s_{{ input }},
        state_running.n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from state_running
    inner join {{ relations['windows'] }} as windows
        on state_running.window_end = windows.window_end
    where
        state_running.is_mark and {{ is_window_used('windows', keys) }}
        and {{ is_in_grid(keys.grid, keys.slices, 'windows.grain', 'state_running.slice') }}
        and ({% for input in inputs %}state_running.n_{{ input }} > 0{{ ' or ' if not loop.last }}{% endfor %})
),

{% endmacro %}


{#- A span takes part in the windows from a first to a last one of a series (the windows of one name and grain, in their
    order, start and end both growing). So it is a step up at the first and one down after the last. -#}
{% macro span_cells(relations, inputs, keys) -%}
{%- set slice_keys = ['slice'] + keys.subjects + keys.dims -%}
{%- set dates = ['held_from_on', 'held_to_on', 'valid_from_on', 'valid_to_on'] -%}
window_series as (
    select
        {{ listed(period_keys()) }}
        window_start,
        window_end,
        row_number() over (partition by time_window, grain order by window_start, window_end) as series_position,
        count(*) over (partition by time_window, grain) as series_length
    from {{ relations['windows'] }} as windows
    where {{ is_window_used('windows', keys) }}
),

span_rows as (
    select *, row_number() over (order by {{ dates | join(', ') }}) as span_number
    from {{ relations['rows'] }}
    where held_from_on is not null
),

{#- How many windows of each series have started, and ended, by a day: no later than it. -#}
series_by_day as (
    select
        time_window,
        grain,
        date_day,
        started,
        ended
    from (
        select
            time_window,
            grain,
            date_day,
            is_mark,
            sum(starts) over series_order as started,
            sum(stops) over series_order as ended
        from (
            select time_window, grain, window_start as date_day, 0 as is_mark, 1 as starts, 0 as stops from window_series
            union all
            select time_window, grain, window_end as date_day, 0 as is_mark, 0 as starts, 1 as stops from window_series
            union all
            select series.time_window, series.grain, days.date_day, 1 as is_mark, 0 as starts, 0 as stops
            from (select distinct time_window, grain from window_series) as series
            cross join (
                {% for column in dates -%}
                select {{ column }} as date_day from span_rows where {{ column }} is not null
                {{ 'union' if not loop.last }}
                {% endfor -%}
            ) as days
        ) as starts_stops_and_marks
        window series_order as (
            partition by time_window, grain order by date_day, is_mark rows between unbounded preceding and current row
        )
    ) as counted
    where is_mark = 1
),

placed_spans as (
    select
        series.time_window,
        series.grain,
        greatest(coalesce(held_from.started, 0), coalesce(valid_from.ended, 0)) + 1 as first_position,
        least(
            coalesce(held_to.started, series.series_length), coalesce(valid_to.ended, series.series_length)
        ) as last_position,
        {{ listed(keys.subjects + keys.dims, 'span_rows.') }}
        {{ listed(inputs, 'span_rows.') }}
        1 as one
    from span_rows
    cross join (select distinct time_window, grain, series_length from window_series) as series
    {% for column in dates -%}
    left join series_by_day as {{ column[:-3] }}
        on series.time_window = {{ column[:-3] }}.time_window
        and series.grain = {{ column[:-3] }}.grain
        and span_rows.{{ column }} = {{ column[:-3] }}.date_day
    {% endfor -%}
),

span_steps as (
    select
        time_window,
        grain,
        series_position,
        {{ slice_number(keys.slices) }} as slice,
        {{ listed(keys.subjects + keys.dims) }}
        {{ input_sums(inputs, 'direction') }}
    from (
        select time_window, grain, first_position as series_position, 1 as direction, {{ listed(keys.subjects + keys.dims) }} {{ inputs | join(', ') }}
        from placed_spans
        where first_position <= last_position
        union all
        select time_window, grain, last_position + 1 as series_position, -1 as direction, {{ listed(keys.subjects + keys.dims) }} {{ inputs | join(', ') }}
        from placed_spans
        where first_position <= last_position
    ) as changes
    group by {{ grouping_sets(['time_window', 'grain', 'series_position'] + keys.subjects, keys.slices) }}
),

span_running as (
    select
        time_window,
        grain,
        series_position,
        is_mark,
        {{ listed(slice_keys) }}
        {{ running_sums(inputs) }}
    from (
        select time_window, grain, series_position, 0 as is_mark, {{ listed(slice_keys) }} {{ sum_columns(inputs) }} from span_steps
        union all
        select
            window_series.time_window, window_series.grain, window_series.series_position, 1 as is_mark,
            {{ listed(slice_keys, 'sliced.') }}
            {% for input in inputs %}null as s_{{ input }}, null as n_{{ input }}{{ ', ' if not loop.last }}{% endfor %}
        from window_series
        inner join (select distinct time_window, grain, {{ slice_keys | join(', ') }} from span_steps) as sliced
            on window_series.time_window = sliced.time_window
            and window_series.grain = sliced.grain
    ) as steps_and_marks
    window step_order as (
        partition by time_window, grain, {{ slice_keys | join(', ') }}
        order by series_position, is_mark
        rows between unbounded preceding and current row
    )
),

span_cells as (
    select
        {{ listed(period_keys(), 'window_series.') }}
        {{ listed(slice_keys, 'span_running.') }}
        {% for input in inputs -%}
        span_running.s_{{ input }},
        span_running.n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from span_running
    inner join window_series
        on span_running.time_window = window_series.time_window
        and span_running.grain = window_series.grain
        and span_running.series_position = window_series.series_position
    where
        span_running.is_mark = 1
        and {{ is_in_grid(keys.grid, keys.slices, 'window_series.grain', 'span_running.slice') }}
        and ({% for input in inputs %}span_running.n_{{ input }} > 0{{ ' or ' if not loop.last }}{% endfor %})
),

{% endmacro %}


{#- Percentiles are taken from the rows themselves: of events, else of the states at the period's end. -#}
{% macro percentile_cells(relations, row_kinds, percentiles, keys) %}
percentile_cells as (
    select
        {{ listed(period_keys()[1:], 'met.') }}
        {{ slice_number(keys.slices) }} as slice,
        {{ listed(keys.dims) }}
        {% for name, measure in percentiles.items() -%}
        percentile_cont({{ measure['percentile'][1] }}) within group (
            order by cast({{ measure['percentile'][0] }} as double precision)
        ) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relations['rows'] }} as kpi_rows
    {% if 'event' in row_kinds -%}
    inner join {{ relations['period_days'] }} as met
        on {{ event_meets_day('kpi_rows', 'met', keys) }}
        and met.time_window = 'own'
    {% else -%}
    inner join {{ relations['periods'] }} as met
        on {{ state_holds('kpi_rows', 'met.period_end') }}
    {% endif -%}
    group by {{ grouping_sets(['met.grain', 'met.period_start', 'met.period_end'], keys.slices) }}
),

{% endmacro %}


{#- Whether an event takes part in a window on a day of it that counts whole. -#}
{% macro event_meets_day(events, days, keys) -%}
    {{ events }}.event_on = {{ days }}.date_day
        and {{ days }}.before_at is null
        {%- if keys.paired %}
        and ({{ events }}.since_on is null or {{ events }}.since_on >= {{ days }}.window_start)
        {%- endif %}
{%- endmacro %}


{#- Whether an event takes part in a window on a last day of it that counts up to a time. -#}
{% macro event_meets_part_day(events, days) -%}
    {{ events }}.event_on = {{ days }}.date_day
        and {{ events }}.event_local_at < {{ days }}.before_at
{%- endmacro %}


{#- Whether a state holds at an end (exclusive). -#}
{% macro state_holds(states, ends_on) -%}
    {{ states }}.valid_from_on < {{ ends_on }}
        and ({{ states }}.valid_to_on >= {{ ends_on }} or {{ states }}.valid_to_on is null)
{%- endmacro %}


{#- Whether a span held at a start and holds at an end; where it says nothing of the end, nothing is asked of it. -#}
{% macro span_holds(rows, start, end) -%}
    {{ rows }}.held_from_on < {{ start }}
        and ({{ rows }}.held_to_on >= {{ start }} or {{ rows }}.held_to_on is null)
        and ({{ rows }}.valid_from_on < {{ end }} or {{ rows }}.valid_from_on is null)
        and ({{ rows }}.valid_to_on >= {{ end }} or {{ rows }}.valid_to_on is null)
{%- endmacro %}


{#- Whether a window is one that the KPI is measured over. -#}
{% macro is_window_used(alias, keys) -%}
    {{ alias }}.time_window in ('{{ keys.windows | join("', '") }}')
{%- endmacro %}


{#- Sum and row count of each input. -#}
{% macro input_sums(inputs, direction=none) -%}
    {% for input in inputs %}
        sum({{ input }}{{ ' * ' ~ direction if direction }}) as s_{{ input }},
        {% if direction -%}
        sum(case when {{ input }} is not null then {{ direction }} else 0 end) as n_{{ input }}{{ ',' if not loop.last }}
        {%- else -%}
        count({{ input }}) as n_{{ input }}{{ ',' if not loop.last }}
        {%- endif -%}
    {% endfor %}
{%- endmacro %}


{#- The names of the sums and row counts of inputs. -#}
{% macro sum_columns(inputs) -%}
    {%- for input in inputs %}s_{{ input }}, n_{{ input }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}


{#- What the steps up and down of each input have come to, in the window step_order. -#}
{% macro running_sums(inputs) -%}
    {%- for column in sum_columns(inputs).split(', ') %}sum({{ column }}) over step_order as {{ column }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
