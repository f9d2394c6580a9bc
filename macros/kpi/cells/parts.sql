{#- How rows meet periods: what the cells of events, states and spans have in common. Pure Jinja, part of the roll-up
    (rollup.sql), as the other files here are.
    Cells are rows of a window, slice and subject with the sum (s_) and the row count (n_) of each input, which are still
    to be added up. `keys` are those of rollup_keys() for a part of the grid: dims, slices, windows, paired, has_spans;
    `part`, of grid_parts(); `subjects`, those that are summed up first; `name`, which tells the CTEs of the part, and of
    the subjects, apart; `blocks`, what the blocks of a subject are called, if there are any. -#}

{#- The windows of all periods, each with its part of the grid and its number: windows of the same days have the same one,
    and are measured once (a fiscal quarter is mostly a quarter, the previous period is another one). Where subjects look
    at their period, each window is one of its own. windows_1 and so on are those of a part; `series` names one that each
    belongs to: its time window and grain. -#}
{% macro numbered_windows(relations, keys, parts, is_each_its_own) -%}
kpi_windows as (
    select
        window_id,
        {{ listed(period_keys()) }}
        {{ "case when time_window like 'step%' then 'trailing' else time_window end" if 'step_1' in keys.windows else 'time_window' }} as window_kind,
        window_start,
        window_end,
        before_at,
        {{ part_of_grain(parts) }} as part,
        {% if is_each_its_own -%}
        row_number() over (order by {{ period_keys() | join(', ') }})
        {%- else -%}
        window_id * {{ parts | length }} + {{ part_of_grain(parts) }}
        {%- endif %} as window_number
    from {{ relations['windows'] }} as windows
    where {{ is_window_used('windows', keys) }} and {{ is_among('grain', grains_of_parts(parts)) }}
),

{% for part in parts -%}
windows_{{ part.number }} as (
    {% if is_each_its_own -%}
    select *, time_window || ' ' || grain as series
    {%- else -%}
    select
        window_number,
        window_id,
        min(grain) as grain,
        min(time_window || ' ' || grain) as series,
        window_start,
        window_end,
        before_at
    {%- endif %}
    from kpi_windows
    where part = {{ part.number }}
    {{ 'group by window_number, window_id, window_start, window_end, before_at' if not is_each_its_own }}
),

{% endfor -%}
{%- endmacro %}


{#- The number of the part of the grid that a grain belongs to. -#}
{% macro part_of_grain(parts) -%}
    {%- if parts | length == 1 -%}
    1
    {%- else -%}
    case{% for part in parts %} when {{ is_among('grain', part.grains) }} then {{ part.number }}{% endfor %} end
    {%- endif -%}
{%- endmacro %}


{#- The grains of all parts of the grid; none where they are all there are. -#}
{% macro grains_of_parts(parts) %}
    {% if parts[0].grains is none %}{% do return(none) %}{% endif %}
    {% set grains = [] %}
    {% for part in parts %}{% do grains.extend(part.grains) %}{% endfor %}
    {% do return(grains) %}
{% endmacro %}


{#- Whether a window is one that the KPI is measured over. -#}
{% macro is_window_used(alias, keys) -%}
    {{ alias }}.time_window in ('{{ keys.windows | join("', '") }}')
{%- endmacro %}


{#- Whether formulas compare with another period, and so with a part of one while theirs is running. -#}
{% macro is_compared(keys) %}{% do return('previous' in keys.windows or 'year' in keys.windows) %}{% endmacro %}


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


{#- The slices of the part of the grid, each as a list of dimensions. -#}
{% macro sliced_by(keys) %}
    {% set slices = [] %}
    {% for number in keys.part.slices %}{% do slices.append(keys.slices[number]) %}{% endfor %}
    {% do return(slices) %}
{% endmacro %}


{#- The dimensions of one slice, by their place in it; null where another slice has more of them. -#}
{% macro dimensions_of_slice(number, keys, prefix='') -%}
    {%- set sliced = keys.slices[number] -%}
    {%- for dim in keys.dims %}{{ prefix ~ sliced[loop.index0] if loop.index0 < sliced | length else 'cast(null as ' ~ text_type() ~ ')' }} as {{ dim }}, {% endfor -%}
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
