{#- How rows meet periods: the cells of events, states and spans. Pure Jinja, part of the roll-up (rollup.sql).
    Each gives rows of a window, slice and subject with the sum (s_) and the row count (n_) of each input, which are still
    to be added up. `keys` are those of rollup_keys() for a part of the grid: dims, slices, windows, paired, has_spans;
    `part`, of grid_parts(); `subjects`, those that are summed up first; `name`, which tells the CTEs of the part, and of
    the subjects, apart; `blocks`, what the blocks of a subject are called, if there are any. -#}

{#- The windows of all periods, each with its part of the grid and its number: windows of the same days have the same one,
    and are measured once (a fiscal quarter is mostly a quarter, the previous period is another one). Where subjects look
    at their period, each window is one of its own. -#}
{% macro numbered_windows(relations, keys, parts, is_each_its_own) -%}
{%- set same_days = ['part', 'window_start', 'window_end', 'before_at'] + (period_keys() if is_each_its_own else []) -%}
{{ step_begins() }}kpi_windows as (
    select
        window_id,
        {{ listed(period_keys()) }}
        {{ "case when time_window like 'step%' then 'trailing' else time_window end" if 'step_1' in keys.windows else 'time_window' }} as window_kind,
        window_start,
        window_end,
        before_at,
        part,
        dense_rank() over (order by {{ same_days | join(', ') }}) as window_number,
        row_number() over (partition by {{ same_days | join(', ') }} order by {{ period_keys() | join(', ') }}) as namesake
    from (
        {% for part in parts -%}
        select *, {{ part.number }} as part
        from {{ relations['windows'] }} as windows
        where {{ is_window_used('windows', keys) }} and {{ is_among('grain', part.grains) }}
        {{ 'union all' if not loop.last }}
        {% endfor -%}
    ) as windows_of_parts
),{{ step_ends() }}

{% for part in parts -%}
windows_{{ part.number }} as (
    select *
    from kpi_windows
    where part = {{ part.number }} and namesake = 1
),

{% endfor -%}
{%- endmacro %}


{#- Events by block: days that no window tells apart, so that each holds all of them or none. A block bears its first day.
    What happens outside all windows is left out. -#}
{% macro dated_events(relations, inputs, subjects, keys) -%}
{%- set part = keys.part.number -%}
{{ step_begins() }}block_days_{{ part }} as (
    select
        date_day,
        max(starts_on) over (order by date_day nulls first rows between unbounded preceding and current row) as block_on
    from (
        select date_day, max(starts_on) as starts_on
        from (
            select distinct date_day, cast(null as date) as starts_on
            from {{ relations['period_days'] }}
            where window_id in (select window_id from windows_{{ part }})
            {% for column in ['window_start', 'window_end', 'cast(before_at as date)'] -%}
            union all
            select {{ column }}, {{ column }} from windows_{{ part }}
            {% endfor -%}
        ) as days_and_starts
        where date_day is not null
        group by date_day
    ) as days
),{{ step_ends() }}

{{ step_begins() }}blocks_{{ part }} as (
    select
        windows.window_number,
        windows.grain,
        windows.window_start,
        days.date_day as block_on
    from {{ relations['period_days'] }} as days
    inner join windows_{{ part }} as windows
        on days.window_id = windows.window_id
    inner join (select distinct block_on from block_days_{{ part }}) as blocks
        on days.date_day = blocks.block_on
    where days.before_at is null
),{{ step_ends() }}

{{ step_begins() }}dated_events_{{ part }} as (
    select
        block_days.block_on,
        {% if keys.paired -%}
        coalesce(since_days.block_on, kpi_rows.since_on) as since_on,
        {% endif -%}
        {{ listed(subjects + used_dimensions(sliced_by(keys)), 'kpi_rows.') }}
        {{ listed(inputs, 'kpi_rows.') }}
        1 as one
    from {{ relations['rows'] }} as kpi_rows
    inner join block_days_{{ part }} as block_days
        on kpi_rows.event_on = block_days.date_day
    {%- if keys.paired %}
    left join block_days_{{ part }} as since_days
        on kpi_rows.since_on = since_days.date_day
    {%- endif %}
),{{ step_ends() }}

{% endmacro %}


{#- Events are added up per block first, then the blocks to the windows that hold them; of each slice by itself, since
    engines group by the few columns of one slice faster than by those of all of them. Where a subject's blocks are there
    (`blocks` of the keys), the events are in these already. -#}
{% macro event_cells(relations, inputs, keys) -%}
{%- set since = ['since_on'] if keys.paired else [] -%}
event_cells_{{ keys.name }} as (
    {% for number in keys.part.slices -%}
    {%- set slice_keys = keys.subjects + keys.slices[number] -%}
    select
        blocks.window_number,
        {{ number }} as slice,
        {{ listed(keys.subjects, 'events.') }}
        {{ dimensions_of_slice(number, keys, 'events.') }}
        {% for column in sum_columns(inputs).split(', ') -%}
        sum(events.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    {% if keys.blocks -%}
    from {{ keys.blocks }}_{{ number }} as events
    {% else -%}
    from (
        select
            {{ listed(['block_on'] + since + slice_keys) }}
            {{ input_sums(inputs) }}
        from dated_events_{{ keys.part.number }}
        group by {{ (['block_on'] + since + slice_keys) | join(', ') }}
    ) as events
    {% endif -%}
    inner join blocks_{{ keys.part.number }} as blocks
        on {{ event_meets_block('events', 'blocks', keys) }}
    group by blocks.window_number{% for column in slice_keys %}, events.{{ column }}{% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {% if is_compared(keys) -%}
    union all
    {{ cells_of_part_days(relations, inputs, keys) }}
    {%- endif %}
),

{% endmacro %}


{#- The last day of a comparison with a running period counts only up to the same time of the day. -#}
{% macro cells_of_part_days(relations, inputs, keys) -%}
    select
        window_number,
        {{ listed(['slice'] + keys.subjects + keys.dims) }}
        {{ sum_columns(inputs) }}
    from (
        {{ by_slice(part_days(relations, keys), ['window_number'] + keys.subjects, input_sums(inputs), keys) }}
    ) as cells_of_part_days
{%- endmacro %}


{#- The events of such a last day, up to its time. -#}
{% macro part_days(relations, keys) -%}
(
        select
            windows.window_number,
            kpi_rows.*
        from {{ relations['rows'] }} as kpi_rows
        inner join windows_{{ keys.part.number }} as windows
            on kpi_rows.event_on = cast(windows.before_at as date)
            and kpi_rows.event_local_at < windows.before_at
    ) as part_days
{%- endmacro %}


{#- States are steps up where they begin and down where they end, each counted from the first window's end after it on; the
    running sum of these is the state at any window's end. -#}
{% macro state_cells(relations, inputs, keys) -%}
{%- set slice_keys = ['slice'] + keys.subjects + keys.dims -%}
{%- set columns = keys.subjects + used_dimensions(sliced_by(keys)) + inputs -%}
state_changes_{{ keys.name }} as (
    select valid_from_on as step_on, 1 as direction, {{ columns | join(', ') }}
    from {{ relations['rows'] }}
    where valid_from_on is not null {{ 'and held_from_on is null' if keys.has_spans }}
    union all
    select valid_to_on as step_on, -1 as direction, {{ columns | join(', ') }}
    from {{ relations['rows'] }}
    where valid_from_on is not null and valid_to_on is not null {{ 'and held_from_on is null' if keys.has_spans }}
),

state_ends_{{ keys.name }} as (
    select
        date_day,
        min(window_end) over (order by date_day nulls first rows between 1 following and unbounded following) as window_end
    from (
        select date_day, max(window_end) as window_end
        from (
            select distinct step_on as date_day, cast(null as date) as window_end from state_changes_{{ keys.name }}
            union all
            select window_end, window_end from windows_{{ keys.part.number }}
        ) as days_and_ends
        group by date_day
    ) as days
),

{{ step_begins() }}ended_changes_{{ keys.name }} as (
    select state_ends.window_end, state_changes.*
    from state_changes_{{ keys.name }} as state_changes
    inner join state_ends_{{ keys.name }} as state_ends
        on state_changes.step_on = state_ends.date_day
    where state_ends.window_end is not null
),{{ step_ends() }}

{{ step_begins() }}state_steps_{{ keys.name }} as (
    {{ by_slice('ended_changes_' ~ keys.name, ['window_end'] + keys.subjects, input_sums(inputs, 'direction'), keys) }}
),{{ step_ends() }}

state_running_{{ keys.name }} as (
    select
        window_end,
        {{ listed(slice_keys) }}
        {{ running_sums(inputs) }}
    from (
        select window_end, {{ listed(slice_keys) }} {{ sum_columns(inputs) }} from state_steps_{{ keys.name }}
        union all
        select
            ends.window_end,
            {{ listed(slice_keys, 'sliced.') }}
            {% for input in inputs %}cast(null as bigint) as s_{{ input }}, cast(null as bigint) as n_{{ input }}{{ ', ' if not loop.last }}{% endfor %}
        from (select distinct window_end from windows_{{ keys.part.number }}) as ends
        cross join (select distinct {{ slice_keys | join(', ') }} from state_steps_{{ keys.name }}) as sliced
    ) as steps_and_ends
    group by window_end, {{ slice_keys | join(', ') }}
    window step_order as (
        partition by {{ slice_keys | join(', ') }} order by window_end nulls first rows between unbounded preceding and current row
    )
),

state_cells_{{ keys.name }} as (
    select
        windows.window_number,
        {{ listed(slice_keys, 'state_running.') }}
        {{ sum_columns(inputs) }}
    from state_running_{{ keys.name }} as state_running
    inner join windows_{{ keys.part.number }} as windows
        on state_running.window_end = windows.window_end
    where {% for input in inputs %}state_running.n_{{ input }} > 0{{ ' or ' if not loop.last }}{% endfor %}
),

{% endmacro %}


{#- A span takes part in the windows from a first to a last one of a series (the windows of one name and grain, in their
    order, start and end both growing). So it is a step up at the first and one down after the last. -#}
{% macro span_cells(relations, inputs, keys) -%}
{%- set slice_keys = ['slice'] + keys.subjects + keys.dims -%}
{%- set columns = keys.subjects + used_dimensions(sliced_by(keys)) + inputs -%}
{%- set dates = ['held_from_on', 'held_to_on', 'valid_from_on', 'valid_to_on'] -%}
window_series_{{ keys.name }} as (
    select
        window_number,
        time_window,
        grain,
        window_start,
        window_end,
        row_number() over (partition by time_window, grain order by window_start, window_end) as series_position,
        count(*) over (partition by time_window, grain) as series_length
    from windows_{{ keys.part.number }}
),

{#- How many windows of each series have started, and ended, by a day: no later than it. -#}
series_by_day_{{ keys.name }} as (
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
            select time_window, grain, window_start as date_day, 0 as is_mark, 1 as starts, 0 as stops
            from window_series_{{ keys.name }}
            union all
            select time_window, grain, window_end as date_day, 0 as is_mark, 0 as starts, 1 as stops
            from window_series_{{ keys.name }}
            union all
            select series.time_window, series.grain, days.date_day, 1 as is_mark, 0 as starts, 0 as stops
            from (select distinct time_window, grain from window_series_{{ keys.name }}) as series
            cross join (
                {% for column in dates -%}
                select {{ column }} as date_day from {{ relations['rows'] }}
                where held_from_on is not null and {{ column }} is not null
                {{ 'union' if not loop.last }}
                {% endfor -%}
            ) as days
        ) as starts_stops_and_marks
        window series_order as (
            partition by time_window, grain order by date_day nulls first, is_mark nulls first rows between unbounded preceding and current row
        )
    ) as counted
    where is_mark = 1
),

placed_spans_{{ keys.name }} as (
    select
        series.time_window,
        series.grain,
        greatest(coalesce(held_from.started, 0), coalesce(valid_from.ended, 0)) + 1 as first_position,
        least(
            coalesce(held_to.started, series.series_length), coalesce(valid_to.ended, series.series_length)
        ) as last_position,
        {{ listed(columns, 'kpi_rows.') }}
        1 as one
    from {{ relations['rows'] }} as kpi_rows
    cross join (select distinct time_window, grain, series_length from window_series_{{ keys.name }}) as series
    {% for column in dates -%}
    left join series_by_day_{{ keys.name }} as {{ column[:-3] }}
        on series.time_window = {{ column[:-3] }}.time_window
        and series.grain = {{ column[:-3] }}.grain
        and kpi_rows.{{ column }} = {{ column[:-3] }}.date_day
    {% endfor -%}
    where kpi_rows.held_from_on is not null
),

{{ step_begins() }}span_changes_{{ keys.name }} as (
    select time_window, grain, first_position as series_position, 1 as direction, {{ columns | join(', ') }}
    from placed_spans_{{ keys.name }}
    where first_position <= last_position
    union all
    select time_window, grain, last_position + 1 as series_position, -1 as direction, {{ columns | join(', ') }}
    from placed_spans_{{ keys.name }}
    where first_position <= last_position
),{{ step_ends() }}

{{ step_begins() }}span_steps_{{ keys.name }} as (
    {{ by_slice(
        'span_changes_' ~ keys.name,
        ['time_window', 'grain', 'series_position'] + keys.subjects,
        input_sums(inputs, 'direction'),
        keys
    ) }}
),{{ step_ends() }}

span_running_{{ keys.name }} as (
    select
        time_window,
        grain,
        series_position,
        {{ listed(slice_keys) }}
        {{ running_sums(inputs) }}
    from (
        select time_window, grain, series_position, {{ listed(slice_keys) }} {{ sum_columns(inputs) }}
        from span_steps_{{ keys.name }}
        union all
        select
            window_series.time_window, window_series.grain, window_series.series_position,
            {{ listed(slice_keys, 'sliced.') }}
            {% for input in inputs %}cast(null as bigint) as s_{{ input }}, cast(null as bigint) as n_{{ input }}{{ ', ' if not loop.last }}{% endfor %}
        from window_series_{{ keys.name }} as window_series
        inner join (
            select distinct time_window, grain, {{ slice_keys | join(', ') }} from span_steps_{{ keys.name }}
        ) as sliced
            on window_series.time_window = sliced.time_window
            and window_series.grain = sliced.grain
    ) as steps_and_windows
    group by time_window, grain, series_position, {{ slice_keys | join(', ') }}
    window step_order as (
        partition by time_window, grain, {{ slice_keys | join(', ') }}
        order by series_position nulls first
        rows between unbounded preceding and current row
    )
),

span_cells_{{ keys.name }} as (
    select
        window_series.window_number,
        {{ listed(slice_keys, 'span_running.') }}
        {{ sum_columns(inputs) }}
    from span_running_{{ keys.name }} as span_running
    inner join window_series_{{ keys.name }} as window_series
        on span_running.time_window = window_series.time_window
        and span_running.grain = window_series.grain
        and span_running.series_position = window_series.series_position
    where {% for input in inputs %}span_running.n_{{ input }} > 0{{ ' or ' if not loop.last }}{% endfor %}
),

{% endmacro %}


{#- Percentiles are taken from the rows themselves: of events, else of the states at the period's end. -#}
{% macro percentile_cells(relations, row_kinds, percentiles, parts_keys) %}
{%- set quantiles = percentile_columns(percentiles) -%}
{% for keys in parts_keys -%}
{%- set part = keys.part.number -%}
{{ step_begins() }}ranked_rows_{{ part }} as (
    select
        windows.window_number,
        {{ listed(used_dimensions(sliced_by(keys)), 'kpi_rows.') }}
        {{ listed(percentile_inputs(percentiles), 'kpi_rows.') }}
        1 as one
    {% if 'event' in row_kinds -%}
    from dated_events_{{ part }} as kpi_rows
    inner join blocks_{{ part }} as windows
        on {{ event_meets_block('kpi_rows', 'windows', keys) }}
    {% else -%}
    from {{ relations['rows'] }} as kpi_rows
    inner join windows_{{ part }} as windows
        on {{ state_holds('kpi_rows', 'windows.window_end') }}
    {% endif -%}
    where
        windows.window_number in (select window_number from kpi_windows where time_window = 'own')
        and ({% for input in percentile_inputs(percentiles) %}kpi_rows.{{ input }} is not null{{ ' or ' if not loop.last }}{% endfor %})
),{{ step_ends() }}

{% endfor -%}
percentile_cells as (
    select
        {{ listed(period_keys()[1:], 'kpi_windows.') }}
        ranked.*
    from (
        {% for keys in parts_keys -%}
        {{ by_slice('ranked_rows_' ~ keys.part.number, ['window_number'], quantiles, keys) }}
        {{ 'union all' if not loop.last }}
        {% endfor -%}
    ) as ranked
    inner join kpi_windows
        on ranked.window_number = kpi_windows.window_number
        and kpi_windows.time_window = 'own'
),

{% endmacro %}


{#- Each percentile as a column. -#}
{% macro percentile_columns(percentiles) -%}
    {% for name, measure in percentiles.items() -%}
        percentile_cont({{ measure['percentile'][1] }}) within group (
            order by cast({{ measure['percentile'][0] }} as {{ double_type() }})
        ) as {{ name }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{#- The inputs that percentiles are taken of, each once. -#}
{% macro percentile_inputs(percentiles) %}
    {% set inputs = [] %}
    {% for measure in percentiles.values() if measure['percentile'][0] not in inputs %}
        {% do inputs.append(measure['percentile'][0]) %}
    {% endfor %}
    {% do return(inputs) %}
{% endmacro %}


{#- The rows of a relation grouped by some columns, once for each slice of the part. -#}
{% macro by_slice(relation, columns, aggregates, keys) -%}
    {% for number in keys.part.slices -%}
    select
        {{ listed(columns) }}
        {{ number }} as slice,
        {{ dimensions_of_slice(number, keys) }}
        {{ aggregates }}
    from {{ relation }}
    group by {{ (columns + keys.slices[number]) | join(', ') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
{%- endmacro %}


{#- The dimensions of one slice, by their place in it; null where another slice has more of them. -#}
{% macro dimensions_of_slice(number, keys, prefix='') -%}
    {%- set sliced = keys.slices[number] -%}
    {%- for dim in keys.dims %}{{ prefix ~ sliced[loop.index0] if loop.index0 < sliced | length else 'cast(null as ' ~ text_type() ~ ')' }} as {{ dim }}, {% endfor -%}
{%- endmacro %}


{#- The slices of the part of the grid, each as a list of dimensions. -#}
{% macro sliced_by(keys) %}
    {% set slices = [] %}
    {% for number in keys.part.slices %}{% do slices.append(keys.slices[number]) %}{% endfor %}
    {% do return(slices) %}
{% endmacro %}


{#- Whether formulas compare with another period, and so with a part of one while theirs is running. -#}
{% macro is_compared(keys) %}{% do return('previous' in keys.windows or 'year' in keys.windows) %}{% endmacro %}


{#- Whether a window holds the block of an event; paired, where it holds the day since which it counts, too. -#}
{% macro event_meets_block(events, blocks, keys) -%}
    {{ events }}.block_on = {{ blocks }}.block_on
        {%- if keys.paired %}
        and ({{ events }}.since_on is null or {{ events }}.since_on >= {{ blocks }}.window_start)
        {%- endif %}
{%- endmacro %}


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
    {%- for column in sum_columns(inputs).split(', ') %}sum(sum({{ column }})) over step_order as {{ column }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
