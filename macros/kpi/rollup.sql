{#- The roll-up: from the rows of a KPI to its figures, for any periods and slices. Pure Jinja: dbt renders it when it
    builds, the runner renders the very same files (rollup, cells, measures) when it answers a query, so the two cannot
    disagree. drill.sql gives the rows behind a figure from the same parts.

    A KPI's rows take part in a period in one of three ways:
      event   it lies in the period: event_on; where the KPI is `paired`, since_on, too, must lie in it
      state   it holds at the period's end: valid_from_on < period_end, and valid_to_on null or not before it
      span    it held at the period's start (held_from_on < period_start, and held_to_on null or not before it), and holds
              at its end as a state does; without valid_from_on nothing is asked of the end
    What is added up over them are the inputs: numeric columns of the rows, null in rows that do not take part.

    `spec` of a KPI (see kpi.sql):
      measures     name → one of
                     {'count': input}          rows with the input
                     {'sum': input}
                     {'mean': input}           sum ÷ rows with the input
                     {'ratio': [num, den]}     sum ÷ sum; of a window, too: ['trailing.cost', 'trailing.won']
                     {'share': input}          rows with the input ÷ those of the whole period
                     {'percentile': [input, p]}
                     {'formula': text}         SQL over {input}, {previous.input}, {year.input}, {trailing.input} (the 12
                                               monthly steps back from the period's end), {trailing_months.input} (how
                                               many of these steps have a row with it), {period.selling_days} and
                                               {period.end_day_number}, and differences of them that are exact,
                                               {input - previous.input}; slice = 0 in the total
                   and, beside it, any of
                     'null_unless': input      no value where no row has that input
                     'counts': input           the row count, where it is not that of the measure's own inputs
                     'row_count': SQL          the same, over s_input and n_input
                     'age': true               of a mean or median: the input is a day_number(), and the measure is of
                                               the days from it to the period's end
                     'cohort': true            provisional until the cohort window has passed
                     'by_day': true            known by the day alone: it cannot be told for a moment within a day
                     'dimensions': [...]       where not all of the KPI's
      others       measures that are not asked for: what they are made of opens slices all the same, so that a question
                   for one measure has the slices of one for all
      dimensions   columns of the rows; null in a row that takes no part in that dimension
      row_kinds    any of ['event', 'state', 'span']
      paired       true where events count only when since_on lies in the period, too
      subjects     a column of the rows → {name: SQL}: inputs that are worked out per subject first, from the sums of its
                   rows (n_ and the name: how many rows had it) and from columns of its period
                   (period.month_parts), in each period and slice; the measures are over subjects
      inputs       the numeric columns of the rows that the subjects are worked out from
      divisors     input → whole number by which its sum is divided: the rows hold exact multiples of it

    `slices` is a list of lists of dimensions; the first is [], the total.
    `relations` names: rows, periods, windows (the periods and those that they are measured over) and period_days.
    `grid` says which slices of which grains are wanted (grid.sql); all, where it is none. -#}
{% macro rollup(spec, slices, relations, grid=none) -%}
{%- set keys = rollup_keys(spec, slices, grid) -%}
{%- set base = base_inputs(spec) -%}
{%- set percentiles = percentile_measures(spec) -%}
{%- if 'event' in spec['row_kinds'] -%}{{ event_cells(relations, base, keys) }}{%- endif -%}
{%- if 'state' in spec['row_kinds'] -%}{{ state_cells(relations, base, keys) }}{%- endif -%}
{%- if 'span' in spec['row_kinds'] -%}{{ span_cells(relations, base, keys) }}{%- endif -%}
all_cells as (
    {% for kind in spec['row_kinds'] -%}
    select * from {{ kind }}_cells
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),
{% for subject, expressions in (spec.get('subjects') or {}).items() -%}
{{ subject_cells(subject, expressions, base, relations['periods'], keys, loop.index) }}
{%- endfor -%}
{{ cells_of_slices(spec, keys) }}
{% if percentiles -%}
{{ percentile_cells(relations, spec['row_kinds'], percentiles, keys) }}
{%- endif -%}
{{ completed_cells(spec, relations, keys, percentiles) }}
measured as (
    {% for name, measure in spec['measures'].items() -%}
    {{ measure_select(name, measure, slices, keys.dims) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)
{%- endmacro %}


{#- What the cells hang on: the dimensions and slices asked for, the KPI's subjects and windows, and how its rows are dated. -#}
{% macro rollup_keys(spec, slices, grid=none) %}
    {% do return({
        'dims': used_dimensions(slices),
        'subjects': (spec.get('subjects') or {}).keys() | list,
        'slices': slices,
        'grid': grid,
        'windows': window_names(used_windows(spec)),
        'paired': spec.get('paired') or false,
        'has_spans': 'span' in spec['row_kinds'],
    }) %}
{% endmacro %}


{#- Per subject first: the inputs of the measures from the sums of each subject. -#}
{% macro subject_cells(subject, expressions, base, periods, keys, number) -%}
subjects_{{ number }} as (
    select
        {{ listed(period_keys(), 'summed.') }}
        {{ listed(['slice', subject] + keys.dims, 'summed.') }}
        {% for name, expression in expressions.items() -%}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            {{ listed(period_keys()) }}
            {{ listed(['slice', subject] + keys.dims) }}
            {% for input in base -%}
            sum(s_{{ input }}) as {{ input }},
            sum(n_{{ input }}) as n_{{ input }}{{ ',' if not loop.last }}
            {% endfor %}
        from all_cells
        group by {{ (period_keys() + ['slice', subject] + keys.dims) | join(', ') }}
    ) as summed
    inner join {{ periods }} as period
        on summed.grain = period.grain
        and summed.period_start = period.period_start
        and summed.period_end = period.period_end
),

{% endmacro %}


{#- One row per period and slice, with the sums and row counts of each input, the windows beside each other. -#}
{% macro cells_of_slices(spec, keys) -%}
{%- set inputs = measure_inputs(spec) -%}
{%- set plain = plain_inputs(spec) -%}
windowed_cells as (
    select
        {{ listed(period_keys()) }}
        {{ listed(['slice'] + keys.dims) }}
        {% for input in inputs -%}
        {{ 'sum(s_' ~ input ~ ')' if input in plain else 'null' }} as s_{{ input }},
        {{ 'sum(n_' ~ input ~ ')' if input in plain else 'null' }} as n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from all_cells
    group by {{ (period_keys() + ['slice'] + keys.dims) | join(', ') }}
    {% for expressions in (spec.get('subjects') or {}).values() -%}
    union all
    select
        {{ listed(period_keys()) }}
        {{ listed(['slice'] + keys.dims) }}
        {% for input in inputs -%}
        {{ 'sum(' ~ input ~ ')' if input in expressions else 'null' }} as s_{{ input }},
        {{ 'count(' ~ input ~ ')' if input in expressions else 'null' }} as n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from subjects_{{ loop.index }}
    group by {{ (period_keys() + ['slice'] + keys.dims) | join(', ') }}
    {% endfor -%}
),

cells as (
    select
        grain,
        period_start,
        period_end,
        slice,
        {{ listed(keys.dims) }}
        {% for window in used_windows(spec) -%}
        {% set is_last_window = loop.last -%}
        {% set belongs = "time_window in ('" ~ window_names([window]) | join("', '") ~ "')" -%}
        {% for input in inputs -%}
        sum(case when {{ belongs }} then s_{{ input }} end) as {{ window_prefix(window) }}s_{{ input }},
        {% if window == 'trailing' -%}
        count(case when {{ belongs }} and n_{{ input }} > 0 then 1 end) as trailing_months_{{ input }},
        {% endif -%}
        sum(case when {{ belongs }} then n_{{ input }} end) as {{ window_prefix(window) }}n_{{ input }}{{ ',' if not (loop.last and is_last_window) }}
        {% endfor -%}
        {% endfor %}
    from windowed_cells
    group by grain, period_start, period_end, slice{% for dim in keys.dims %}, {{ dim }}{% endfor %}
),
{%- endmacro %}


{#- Every period's total, also that of an empty one, and every slice in which there is something. -#}
{% macro completed_cells(spec, relations, keys, percentiles) -%}
{%- set dims = keys.dims -%}
{%- set inputs = measure_inputs(spec) -%}
{%- set windows = used_windows(spec) %}
periods_and_slices as (
    select
        periods.*,
        totals.slice
        {%- for dim in dims %}, totals.{{ dim }}{% endfor %}
    from {{ relations['periods'] }} as periods
    cross join (select 0 as slice{% for dim in dims %}, cast(null as varchar) as {{ dim }}{% endfor %}) as totals
    union all
    select
        periods.*,
        cells.slice
        {%- for dim in dims %}, cells.{{ dim }}{% endfor %}
    from cells
    inner join {{ relations['periods'] }} as periods
        on cells.grain = periods.grain
        and cells.period_start = periods.period_start
        and cells.period_end = periods.period_end
    where
        cells.slice > 0
        {% for dims_of_slice in keys.slices[1:] -%}
        and (cells.slice <> {{ loop.index }}{% for dim in dims_of_slice %} or cells.{{ dim }} is not null{% endfor %})
        {% endfor -%}
        and ({% for window in windows %}{% for input in inputs %}coalesce(cells.{{ window_prefix(window) }}n_{{ input }}, 0) > 0{{ ' or ' if not loop.last }}{% endfor %}{{ ' or ' if not loop.last }}{% endfor %})
),

completed as (
    select
        periods_and_slices.*,
        {% for window in windows -%}
        {% for input in inputs -%}
        {{ divided('coalesce(cells.' ~ window_prefix(window) ~ 's_' ~ input ~ ', 0)', spec, input) }} as {{ window_prefix(window) }}s_{{ input }},
        cast(coalesce(cells.{{ window_prefix(window) }}n_{{ input }}, 0) as bigint) as {{ window_prefix(window) }}n_{{ input }},
        {% if window == 'trailing' -%}
        coalesce(cells.trailing_months_{{ input }}, 0) as trailing_months_{{ input }},
        {% endif -%}
        {% endfor -%}
        {% endfor -%}
        {% for input in share_inputs(spec) -%}
        cast(coalesce(max(case when periods_and_slices.slice = 0 then cells.n_{{ input }} end) over (
            partition by periods_and_slices.grain, periods_and_slices.period_start, periods_and_slices.period_end
        ), 0) as bigint) as t_{{ input }},
        {% endfor -%}
        {% for name in percentiles -%}
        percentile_cells.{{ name }} as p_{{ name }},
        {% endfor -%}
        1 as one
    from periods_and_slices
    left join cells
        on {{ same_cell('periods_and_slices', 'cells', dims) }}
    {% if percentiles -%}
    left join percentile_cells
        on {{ same_cell('periods_and_slices', 'percentile_cells', dims) }}
    {% endif -%}
    where {{ is_in_grid(keys.grid, keys.slices, 'periods_and_slices.grain', 'periods_and_slices.slice') }}
),

{% endmacro %}


{% macro same_cell(left, right, dims) -%}
    {{ left }}.grain = {{ right }}.grain
        and {{ left }}.period_start = {{ right }}.period_start
        and {{ left }}.period_end = {{ right }}.period_end
        and {{ left }}.slice = {{ right }}.slice
        {% for dim in dims -%}
        and {{ left }}.{{ dim }} is not distinct from {{ right }}.{{ dim }}
        {% endfor %}
{%- endmacro %}


{#- The dimensions of all slices, each once. -#}
{% macro used_dimensions(slices) %}
    {% set dims = [] %}
    {% for dims_of_slice in slices %}{% for dim in dims_of_slice if dim not in dims %}{% do dims.append(dim) %}{% endfor %}{% endfor %}
    {% do return(dims) %}
{% endmacro %}


{#- Columns as a select list with a comma at its end. -#}
{% macro listed(columns, prefix='') -%}
    {%- for column in columns %}{{ prefix }}{{ column }}, {% endfor -%}
{%- endmacro %}


{#- The number of the slice that a row of the grouping sets belongs to: its place in `slices`. -#}
{% macro slice_number(slices) -%}
    {%- set dims = used_dimensions(slices) -%}
    {%- if not dims -%}
        0
    {%- else -%}
    case {% for dims_of_slice in slices -%}
        when {% for dim in dims %}grouping({{ dim }}) = {{ 0 if dim in dims_of_slice else 1 }}{{ ' and ' if not loop.last }}{% endfor %} then {{ loop.index0 }}
        {% endfor -%} end
    {%- endif -%}
{%- endmacro %}


{% macro grouping_sets(keys, slices) -%}
    grouping sets ({% for dims_of_slice in slices %}({{ (keys + dims_of_slice) | join(', ') }}){{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}


{#- What tells the windows of all periods apart. -#}
{% macro period_keys() %}{% do return(['time_window', 'grain', 'period_start', 'period_end']) %}{% endmacro %}


{#- own, and the others that formulas name: previous, year, trailing. -#}
{% macro used_windows(spec) %}
    {% set windows = ['own'] %}
    {% for measure in opening_measures(spec) %}
        {% for name in formula_names(measure.get('formula', '')) + measure.get('ratio', []) if '.' in name %}
            {% set window = name.split('.')[0].replace('_months', '') %}
            {% if window not in ['period'] + windows %}{% do windows.append(window) %}{% endif %}
        {% endfor %}
    {% endfor %}
    {% do return(windows) %}
{% endmacro %}


{#- The names that windows bear in relations: the trailing one has 12 monthly steps, step_1 being the latest. -#}
{% macro window_names(windows) %}
    {% set names = [] %}
    {% for window in windows %}
        {% if window == 'trailing' %}
            {% for step in range(1, 13) %}{% do names.append('step_' ~ step) %}{% endfor %}
        {% else %}
            {% do names.append(window) %}
        {% endif %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}


{#- What the columns of a window begin with. -#}
{% macro window_prefix(window) %}{% do return('' if window == 'own' else window ~ '_') %}{% endmacro %}
