{#- The cells of percentiles, which are taken from the rows themselves. -#}

{#- Percentiles are taken from the rows themselves: of events, else of the states at the period's end. -#}
{% macro percentile_cells(relations, row_kinds, percentiles, parts_keys) %}
{%- set quantiles = percentile_columns(percentiles) -%}
{% for keys in parts_keys -%}
{%- set part = keys.part.number -%}
{#- States meet windows in a range, which takes long and much memory: that is done once. -#}
{{ step_begins() }}ranked_rows_{{ part }} as {% if 'event' in row_kinds %}{{ worked_out_anew() }}{% endif %}(
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
