{#- The cells of events: rows that count on their day. -#}

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


{#- Events by block. What happens outside all windows is left out. Where single days are among the part's periods, or the
    12 steps back, which begin on any day, blocks are days. -#}
{% macro dated_events(relations, inputs, subjects, keys) -%}
{%- set part = keys.part -%}
{%- set are_days = 'step_1' in keys.windows or (part.grains is not none and 'day' in part.grains) -%}
days_{{ part.number }} as (
    select
        date_day,
        {{ 'date_day' if are_days else 'block_on' }} as block_on
    from {{ relations['block_days'] }}
    where
        date_day >= (select min(window_start) from windows_{{ part.number }})
        and date_day < (select max(window_end) from windows_{{ part.number }})
),

{{ mark_begins('step') }}blocks_{{ part.number }} as (
    select
        windows.window_number,
        windows.grain,
        windows.window_start,
        days.date_day as block_on
    from {{ relations['window_days'] }} as days
    inner join windows_{{ part.number }} as windows
        on days.window_id = windows.window_id
    {% if not are_days -%}
    inner join days_{{ part.number }} as starts
        on days.date_day = starts.date_day
        and starts.date_day = starts.block_on
    {% endif -%}
    where days.before_at is null
),{{ mark_ends('step') }}

{{ mark_begins('step') }}dated_events_{{ part.number }} as {{ worked_out_anew() }}(
    select
        days.block_on,
        {% if keys.paired -%}
        coalesce(since_days.block_on, kpi_rows.since_on) as since_on,
        {% endif -%}
        {{ listed(subjects + used_dimensions(sliced_by(keys)), 'kpi_rows.') }}
        {{ listed(inputs, 'kpi_rows.') }}
        1 as one
    from {{ relations['rows'] }} as kpi_rows
    inner join days_{{ part.number }} as days
        on kpi_rows.event_on = days.date_day
    {%- if keys.paired %}
    left join days_{{ part.number }} as since_days
        on kpi_rows.since_on = since_days.date_day
    {%- endif %}
),{{ mark_ends('step') }}

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


{#- Whether a window holds the block of an event; paired, where it holds the day since which it counts, too. -#}
{% macro event_meets_block(events, blocks, keys) -%}
    {{ events }}.block_on = {{ blocks }}.block_on
        {%- if keys.paired %} and {{ is_since_start(events, blocks) }}{% endif %}
{%- endmacro %}


{#- Whether the day since which an event of a pair counts, if it has one, does not lie before a window. -#}
{% macro is_since_start(events, windows) -%}
    ({{ events }}.since_on is null or {{ events }}.since_on >= {{ windows }}.window_start)
{%- endmacro %}


{#- Whether an event takes part in a window on a day of it that counts whole. -#}
{% macro event_meets_day(events, days, keys) -%}
    {{ events }}.event_on = {{ days }}.date_day
        and {{ days }}.before_at is null
        {%- if keys.paired %} and {{ is_since_start(events, days) }}{% endif %}
{%- endmacro %}


{#- Whether an event takes part in a window on a last day of it that counts up to a time. -#}
{% macro event_meets_part_day(events, days) -%}
    {{ events }}.event_on = {{ days }}.date_day
        and {{ events }}.event_local_at < {{ days }}.before_at
{%- endmacro %}
