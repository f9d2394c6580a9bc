{#- The cells of percentiles: of the rows themselves, or of states, of how many there are of each value. -#}

{#- The percentiles of all parts of the grid: of events, else of the states at the period's end. -#}
{% macro percentile_cells(relations, row_kinds, percentiles, parts_keys) %}
{%- set are_events = 'event' in row_kinds -%}
{%- for keys in parts_keys -%}
    {{ ranked_events(percentiles, keys) if are_events else ranked_states(relations, percentiles, keys) }}
{%- endfor -%}
percentile_cells as (
    {% for keys in parts_keys -%}
    select
        {{ listed(period_keys()[1:], 'kpi_windows.') }}
        ranked.*
    from (
        {% if are_events -%}
        {{ by_slice('ranked_rows_' ~ keys.part.number, ['window_number'], percentile_columns(percentiles), keys) }}
        {%- else -%}
        {{ percentiles_of_states(percentiles, keys) }}
        {%- endif %}
    ) as ranked
    inner join kpi_windows
        on {{ 'ranked.window_number = kpi_windows.window_number' if are_events else 'ranked.window_end = kpi_windows.window_end' }}
        and kpi_windows.part = {{ keys.part.number }}
        and kpi_windows.time_window = 'own'
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

{% endmacro %}


{#- The events in the periods' own windows. -#}
{% macro ranked_events(percentiles, keys) -%}
{%- set part = keys.part.number -%}
{{ mark_begins('step') }}ranked_rows_{{ part }} as {{ worked_out_anew() }}(
    select
        windows.window_number,
        {{ listed(used_dimensions(sliced_by(keys)), 'kpi_rows.') }}
        {{ listed(percentile_inputs(percentiles), 'kpi_rows.') }}
        1 as one
    from dated_events_{{ part }} as kpi_rows
    inner join blocks_{{ part }} as windows
        on {{ event_meets_block('kpi_rows', 'windows', keys) }}
    where
        windows.window_number in (select window_number from kpi_windows where time_window = 'own')
        and ({% for input in percentile_inputs(percentiles) %}kpi_rows.{{ input }} is not null{{ ' or ' if not loop.last }}{% endfor %})
),{{ mark_ends('step') }}

{% endmacro %}


{#- Each percentile as a column. -#}
{% macro percentile_columns(percentiles) -%}
    {% for name, measure in percentiles.items() -%}
        percentile_cont({{ measure['percentile'][1] }}) within group (
            order by cast({{ measure['percentile'][0] }} as {{ double_type() }})
        ) as {{ name }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}


{#- How many states of each value there are at the windows' ends, in every slice, and how many up to it. A state stands at
    every end that it lasts to, and there are many ends; so states that begin and end between the same ones are counted
    first, by value. -#}
{% macro ranked_states(relations, percentiles, keys) -%}
{%- set part = keys.part.number -%}
{%- set cell = ['window_end', 'slice', 'input'] + keys.dims -%}
{{ mark_begins('step') }}lasting_states_{{ part }} as {{ worked_out_anew() }}(
    select
        firsts.window_end as first_end,
        coalesce(lasts.window_end, cast('9999-12-31' as date)) as end_after,
        {{ listed(used_dimensions(sliced_by(keys)), 'kpi_rows.') }}
        {{ listed(percentile_inputs(percentiles), 'kpi_rows.') }}
        1 as one
    from {{ relations['rows'] }} as kpi_rows
    inner join state_ends_{{ part }} as firsts
        on kpi_rows.valid_from_on = firsts.date_day
    left join state_ends_{{ part }} as lasts
        on kpi_rows.valid_to_on = lasts.date_day
    where firsts.window_end < coalesce(lasts.window_end, cast('9999-12-31' as date))
),{{ mark_ends('step') }}

{{ mark_begins('step') }}ranked_states_{{ part }} as (
    select
        {{ listed(cell) }}
        input_value,
        sum(n_states) over (
            partition by {{ cell | join(', ') }}
            order by input_value nulls first rows between unbounded preceding and current row
        ) as n_up_to,
        sum(n_states) over (partition by {{ cell | join(', ') }}) as n_all
    from (
        {% for input in percentile_inputs(percentiles) -%}
        select
            ends.window_end,
            states.slice,
            '{{ input }}' as input,
            {{ listed(keys.dims, 'states.') }}
            cast(states.{{ input }} as {{ double_type() }}) as input_value,
            sum(states.n_states) as n_states
        from (
            {{ by_slice('lasting_states_' ~ part, ['first_end', 'end_after', input], 'count(*) as n_states', keys) }}
        ) as states
        inner join (select distinct window_end from kpi_windows where time_window = 'own' and part = {{ part }}) as ends
            on states.first_end <= ends.window_end
            and ends.window_end < states.end_after
        where states.{{ input }} is not null
        group by ends.window_end, states.slice, {{ listed(keys.dims, 'states.') }}states.{{ input }}
        {{ 'union all' if not loop.last }}
        {% endfor -%}
    ) as counted
),{{ mark_ends('step') }}

{% endmacro %}


{#- Each percentile of them as a column: as percentile_cont() has it, between the values of the two nearest ranks. -#}
{% macro percentiles_of_states(percentiles, keys) -%}
        select
            window_end,
            {{ listed(['slice'] + keys.dims) }}
            {% for name, measure in percentiles.items() -%}
            {%- set input, part = measure['percentile'] -%}
            {%- set rank = '(cast(n_all - 1 as ' ~ double_type() ~ ') * cast(' ~ part ~ ' as ' ~ double_type() ~ '))' -%}
            {%- set low, high = value_at('floor' ~ rank, input), value_at('ceil' ~ rank, input) -%}
            {{ low }} + ({{ high }} - {{ low }}) * max(case when input = '{{ input }}' then {{ rank }} - floor{{ rank }} end) as {{ name }}{{ ',' if not loop.last }}
            {% endfor %}
        from ranked_states_{{ keys.part.number }}
        group by {{ (['window_end', 'slice'] + keys.dims) | join(', ') }}
{%- endmacro %}


{#- The value at a rank, counted from 0. -#}
{% macro value_at(rank, input) -%}
    min(case when input = '{{ input }}' and n_up_to > {{ rank }} then input_value end)
{%- endmacro %}


{#- The inputs that percentiles are taken of, each once. -#}
{% macro percentile_inputs(percentiles) %}
    {% set inputs = [] %}
    {% for measure in percentiles.values() if measure['percentile'][0] not in inputs %}
        {% do inputs.append(measure['percentile'][0]) %}
    {% endfor %}
    {% do return(inputs) %}
{% endmacro %}
