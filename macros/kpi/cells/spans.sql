{#- The cells of spans: rows that held at a period's start, and may still hold at its end. -#}

{#- A span takes part in the windows from a first to a last one of a series (the windows of one name and grain, in their
    order, start and end both growing). So it is a step up at the first and one down after the last. -#}
{% macro span_cells(relations, inputs, keys) -%}
{%- set slice_keys = ['slice'] + keys.subjects + keys.dims -%}
{%- set columns = keys.subjects + used_dimensions(sliced_by(keys)) + inputs -%}
{%- set dates = ['held_from_on', 'held_to_on', 'valid_from_on', 'valid_to_on'] -%}
window_series_{{ keys.name }} as (
    select
        window_number,
        series,
        window_start,
        window_end,
        row_number() over (partition by series order by window_start, window_end) as series_position,
        count(*) over (partition by series) as series_length
    from windows_{{ keys.part.number }}
),

{#- How many windows of each series have started, and ended, by a day: no later than it. -#}
series_by_day_{{ keys.name }} as (
    select
        series,
        date_day,
        started,
        ended
    from (
        select
            series,
            date_day,
            is_mark,
            sum(starts) over series_order as started,
            sum(stops) over series_order as ended
        from (
            select series, window_start as date_day, 0 as is_mark, 1 as starts, 0 as stops
            from window_series_{{ keys.name }}
            union all
            select series, window_end as date_day, 0 as is_mark, 0 as starts, 1 as stops
            from window_series_{{ keys.name }}
            union all
            select series.series, days.date_day, 1 as is_mark, 0 as starts, 0 as stops
            from (select distinct series from window_series_{{ keys.name }}) as series
            cross join (
                {% for column in dates -%}
                select {{ column }} as date_day from {{ relations['rows'] }}
                where held_from_on is not null and {{ column }} is not null
                {{ 'union' if not loop.last }}
                {% endfor -%}
            ) as days
        ) as starts_stops_and_marks
        window series_order as (
            partition by series order by date_day nulls first, is_mark nulls first rows between unbounded preceding and current row
        )
    ) as counted
    where is_mark = 1
),

placed_spans_{{ keys.name }} as (
    select
        series.series,
        greatest(coalesce(held_from.started, 0), coalesce(valid_from.ended, 0)) + 1 as first_position,
        least(
            coalesce(held_to.started, series.series_length), coalesce(valid_to.ended, series.series_length)
        ) as last_position,
        {{ listed(columns, 'kpi_rows.') }}
        1 as one
    from {{ relations['rows'] }} as kpi_rows
    cross join (select distinct series, series_length from window_series_{{ keys.name }}) as series
    {% for column in dates -%}
    left join series_by_day_{{ keys.name }} as {{ column[:-3] }}
        on series.series = {{ column[:-3] }}.series
        and kpi_rows.{{ column }} = {{ column[:-3] }}.date_day
    {% endfor -%}
    where kpi_rows.held_from_on is not null
),

{{ mark_begins('step') }}span_changes_{{ keys.name }} as (
    select series, first_position as series_position, 1 as direction, {{ columns | join(', ') }}
    from placed_spans_{{ keys.name }}
    where first_position <= last_position
    union all
    select series, last_position + 1 as series_position, -1 as direction, {{ columns | join(', ') }}
    from placed_spans_{{ keys.name }}
    where first_position <= last_position
),{{ mark_ends('step') }}

{{ mark_begins('step') }}span_steps_{{ keys.name }} as (
    {{ by_slice(
        'span_changes_' ~ keys.name,
        ['series', 'series_position'] + keys.subjects,
        input_sums(inputs, 'direction'),
        keys
    ) }}
),{{ mark_ends('step') }}

span_running_{{ keys.name }} as (
    select
        series,
        series_position,
        {{ listed(slice_keys) }}
        {{ running_sums(inputs) }}
    from (
        select series, series_position, {{ listed(slice_keys) }} {{ sum_columns(inputs) }}
        from span_steps_{{ keys.name }}
        union all
        select
            window_series.series, window_series.series_position,
            {{ listed(slice_keys, 'sliced.') }}
            {% for input in inputs %}cast(null as bigint) as s_{{ input }}, cast(null as bigint) as n_{{ input }}{{ ', ' if not loop.last }}{% endfor %}
        from window_series_{{ keys.name }} as window_series
        inner join (
            select distinct series, {{ slice_keys | join(', ') }} from span_steps_{{ keys.name }}
        ) as sliced
            on window_series.series = sliced.series
    ) as steps_and_windows
    group by series, series_position, {{ slice_keys | join(', ') }}
    window step_order as (
        partition by series, {{ slice_keys | join(', ') }}
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
        on span_running.series = window_series.series
        and span_running.series_position = window_series.series_position
    where {% for input in inputs %}span_running.n_{{ input }} > 0{{ ' or ' if not loop.last }}{% endfor %}
),

{% endmacro %}


{#- Whether a span held at a start and holds at an end; where it says nothing of the end, nothing is asked of it. -#}
{% macro span_holds(rows, start, end) -%}
    {{ rows }}.held_from_on < {{ start }}
        and ({{ rows }}.held_to_on >= {{ start }} or {{ rows }}.held_to_on is null)
        and ({{ rows }}.valid_from_on < {{ end }} or {{ rows }}.valid_from_on is null)
        and ({{ rows }}.valid_to_on >= {{ end }} or {{ rows }}.valid_to_on is null)
{%- endmacro %}
