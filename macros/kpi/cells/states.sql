{#- The cells of states: rows that hold from a day to another, and count at a period's end. -#}

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

{{ mark_begins('step') }}ended_changes_{{ keys.name }} as (
    select state_ends.window_end, state_changes.*
    from state_changes_{{ keys.name }} as state_changes
    inner join state_ends_{{ keys.name }} as state_ends
        on state_changes.step_on = state_ends.date_day
    where state_ends.window_end is not null
),{{ mark_ends('step') }}

{{ mark_begins('step') }}state_steps_{{ keys.name }} as (
    {{ by_slice('ended_changes_' ~ keys.name, ['window_end'] + keys.subjects, input_sums(inputs, 'direction'), keys) }}
),{{ mark_ends('step') }}

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


{#- Whether a state holds at an end (exclusive). -#}
{% macro state_holds(states, ends_on) -%}
    {{ states }}.valid_from_on < {{ ends_on }}
        and ({{ states }}.valid_to_on >= {{ ends_on }} or {{ states }}.valid_to_on is null)
{%- endmacro %}
