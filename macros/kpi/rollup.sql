{#- The roll-up: from the rows of a KPI to its figures, for any periods and slices. Pure Jinja: dbt renders it when it
    builds, the runner renders the very same file when it answers a query, so the two cannot disagree.

    A KPI's rows take part in a period in one of two ways: an *event* lies in it (event_on), a *state* holds at its
    end (valid_from_on < period_end, and valid_to_on null or not before it). What is added up over both are the inputs:
    numeric columns of the rows, null in rows that do not take part.

    `spec` of a KPI (see kpi.sql):
      measures     name → one of
                     {'count': input}          rows with the input
                     {'sum': input}
                     {'mean': input}           sum ÷ rows with the input
                     {'ratio': [num, den]}     sum ÷ sum
                     {'share': input}          rows with the input ÷ those of the whole period
                     {'percentile': [input, p]}
                     {'formula': text}         SQL over {input}, {previous.input}, {year.input}, {period.selling_days},
                                               and differences of them, {input - previous.input}, that are exact
                   and, beside it, any of
                     'null_unless': input      no value where no row has that input
                     'counts': input           the row count, where it is not that of the measure's own inputs
                     'cohort': true            provisional until the cohort window has passed
                     'dimensions': [...]       where not all of the KPI's
      dimensions   columns of the rows; null in a row that takes no part in that dimension
      row_kinds    ['event'], ['state'] or both
      subject      a column of the rows: add up per subject first, then measure over subjects
      subject_inputs   name → SQL over the sums per subject: the inputs of the measures when there is a subject
      divisors     input → whole number by which its sum is divided: the rows hold exact multiples of it

    `slices` is a list of lists of dimensions; the first is [], the total.
    `relations` names: rows, periods, period_days. -#}
{% macro rollup(spec, slices, relations) -%}
{%- if 'event' in spec['row_kinds'] %}
{{ cells_of_events(spec, slices, relations) }}
{% endif -%}
{% if 'state' in spec['row_kinds'] %}
{{ cells_of_states(spec, slices, relations) }}
{% endif %}
{%- if spec.get('subject') %}
{{ cells_of_subjects(spec, slices) }}
{% else %}
{{ cells_of_rows(spec, slices) }}
{% endif %}
{%- if percentile_measures(spec) %}
{{ cells_of_percentiles(spec, slices, relations) }}
{% endif %}
{{ periods_and_slices(spec, slices, relations) }}

{{ completed_cells(spec, slices) }}

measured as (
    {% for name, measure in spec['measures'].items() -%}
    {{ measure_select(name, measure, slices) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)
{%- endmacro %}


{#- CTEs: the events added up per day (daily), and the days to the periods and windows that hold them (event_cells). With a
    subject they are added up per subject, and not yet per slice. -#}
{% macro cells_of_events(spec, slices, relations) -%}
{%- set base = base_inputs(spec) -%}
{%- set dims = used_dimensions(slices) -%}
{%- set windows = used_windows(spec) -%}
{%- set subject = spec.get('subject') -%}
{%- set keys = ([subject] if subject else []) + dims -%}
daily as (
    select
        event_on,
        {% if subject -%}
        {{ keys | join(', ') }},
        {% else -%}
        {{ slice_number(slices) }} as slice,
        {{ listed(dims) }}
        {%- endif %}
        {{ input_sums(base) }}
    from {{ relations['rows'] }}
    where event_on is not null
    group by {{ 'event_on, ' ~ keys | join(', ') if subject else grouping_sets(['event_on'], slices) }}
),

event_cells as (
    {{ cells_of_days('daily', relations['period_days'], base, dims, subject, windows) }}
    {% if windows != ['own'] -%}
    union all
    {{ cells_of_part_days(relations, spec, base, slices, dims) }}
    {% endif -%}
),
{%- endmacro %}


{#- CTEs: what begins and ends on a day (steps), the period ends to look at (marks), the running sums of steps up to each
    mark (running), and those sums as the periods' (state_cells). -#}
{% macro cells_of_states(spec, slices, relations) -%}
{%- set base = base_inputs(spec) -%}
{%- set dims = used_dimensions(slices) -%}
steps as (
    select
        step_on,
        {{ slice_number(slices) }} as slice,
        {{ listed(dims) }}
        {{ input_sums(base, 'direction') }}
    from (
        select valid_from_on as step_on, 1 as direction, {{ listed(dims) }} {{ base | join(', ') }}
        from {{ relations['rows'] }}
        where valid_from_on is not null
        union all
        select valid_to_on as step_on, -1 as direction, {{ listed(dims) }} {{ base | join(', ') }}
        from {{ relations['rows'] }}
        where valid_from_on is not null and valid_to_on is not null
    ) as changes
    group by {{ grouping_sets(['step_on'], slices) }}
),

marks as (
    select
        ends.period_end,
        {{ listed(['slice'] + dims, 'sliced.') }}
        {% for input in base %}null as s_{{ input }}, null as n_{{ input }}{{ ', ' if not loop.last }}{% endfor %}
    from (select distinct period_end from {{ relations['periods'] }}) as ends
    cross join (select distinct slice{{ ', ' ~ dims | join(', ') if dims }} from steps) as sliced
),

running as (
    select
        period_end,
        is_mark,
        slice,
        {{ listed(dims) }}
        {% for input in base -%}
        sum(s_{{ input }}) over step_order as s_{{ input }},
        sum(n_{{ input }}) over step_order as n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select step_on as period_end, false as is_mark, {{ listed(['slice'] + dims) }} {{ sum_columns(base) }} from steps
        union all
        select period_end, true as is_mark, {{ listed(['slice'] + dims) }} {{ sum_columns(base) }} from marks
    ) as steps_and_marks
    window step_order as (
        partition by slice{{ ', ' ~ dims | join(', ') if dims }}
        order by period_end, case when is_mark then 0 else 1 end
        rows between unbounded preceding and current row
    )
),

state_cells as (
    select
        'own' as time_window,
        periods.grain,
        periods.period_start,
        periods.period_end,
        running.slice,
        {{ listed(dims, 'running.') }}
        {% for input in base -%}
        running.s_{{ input }},
        running.n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from running
    inner join {{ relations['periods'] }} as periods
        on running.period_end = periods.period_end
    where running.is_mark and ({% for input in base %}running.n_{{ input }} > 0{{ ' or ' if not loop.last }}{% endfor %})
),
{%- endmacro %}


{#- CTEs: the sums of each subject in a period and what they make (subjects), and these added up per slice (cells). -#}
{% macro cells_of_subjects(spec, slices) -%}
{%- set base = base_inputs(spec) -%}
{%- set inputs = measure_inputs(spec) -%}
{%- set dims = used_dimensions(slices) -%}
{%- set keys = [spec['subject']] + dims -%}
subjects as (
    select
        grain,
        period_start,
        period_end,
        {{ listed(keys) }}
        {% for name, expression in spec['subject_inputs'].items() -%}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            grain,
            period_start,
            period_end,
            {{ listed(keys) }}
            {% for input in base -%}
            sum(s_{{ input }}) as {{ input }}{{ ',' if not loop.last }}
            {% endfor %}
        from event_cells
        group by grain, period_start, period_end, {{ keys | join(', ') }}
    ) as sums_per_subject
),

cells as (
    select
        grain,
        period_start,
        period_end,
        {{ slice_number(slices) }} as slice,
        {{ listed(dims) }}
        {{ input_sums(inputs) }}
    from subjects
    group by {{ grouping_sets(['grain', 'period_start', 'period_end'], slices) }}
),
{%- endmacro %}


{#- CTE: one row per period and slice with the sums and counts of every input, and those of the windows beside (cells). -#}
{% macro cells_of_rows(spec, slices) -%}
{%- set inputs = measure_inputs(spec) -%}
{%- set dims = used_dimensions(slices) -%}
{%- set windows = used_windows(spec) -%}
cells as (
    select
        grain,
        period_start,
        period_end,
        slice,
        {{ listed(dims) }}
        {% for window in windows -%}
        {% set prefix = '' if window == 'own' else window ~ '_' -%}
        {% set outer_last = loop.last -%}
        {% for input in inputs -%}
        {% if windows == ['own'] -%}
        sum(s_{{ input }}) as s_{{ input }},
        sum(n_{{ input }}) as n_{{ input }}{{ ',' if not (loop.last and outer_last) }}
        {% else -%}
        sum(case when time_window = '{{ window }}' then s_{{ input }} end) as {{ prefix }}s_{{ input }},
        sum(case when time_window = '{{ window }}' then n_{{ input }} end) as {{ prefix }}n_{{ input }}{{ ',' if not (loop.last and outer_last) }}
        {% endif -%}
        {% endfor -%}
        {% endfor %}
    from (
        {% for kind in spec['row_kinds'] -%}
        select * from {{ kind }}_cells
        {{ 'union all' if not loop.last }}
        {% endfor -%}
    ) as all_cells
    group by grain, period_start, period_end, slice{{ ', ' ~ dims | join(', ') if dims }}
),
{%- endmacro %}


{#- CTE: the percentiles of each period and slice, from the rows themselves (percentile_cells). -#}
{% macro cells_of_percentiles(spec, slices, relations) -%}
{%- set dims = used_dimensions(slices) -%}
percentile_cells as (
    select
        period_days.grain,
        period_days.period_start,
        period_days.period_end,
        {{ slice_number(slices) }} as slice,
        {{ listed(dims) }}
        {% for name, measure in percentile_measures(spec).items() -%}
        percentile_cont({{ measure['percentile'][1] }}) within group (
            order by cast({{ measure['percentile'][0] }} as double precision)
        ) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relations['rows'] }} as kpi_rows
    inner join {{ relations['period_days'] }} as period_days
        on kpi_rows.event_on = period_days.date_day
    where period_days.time_window = 'own'
    group by {{ grouping_sets(['period_days.grain', 'period_days.period_start', 'period_days.period_end'], slices) }}
),
{%- endmacro %}


{#- CTE: the total of every period, also of an empty one, and the slices that have something (periods_and_slices). -#}
{% macro periods_and_slices(spec, slices, relations) -%}
{%- set inputs = measure_inputs(spec) -%}
{%- set dims = used_dimensions(slices) -%}
{%- set windows = used_windows(spec) -%}
periods_and_slices as (
    select
        periods.grain,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_in_cohort_window,
        periods.selling_days,
        totals.slice
        {%- for dim in dims %}, totals.{{ dim }}{% endfor %}
    from {{ relations['periods'] }} as periods
    cross join (select 0 as slice{% for dim in dims %}, cast(null as varchar) as {{ dim }}{% endfor %}) as totals
    union all
    select
        periods.grain,
        periods.period_start,
        periods.period_end,
        periods.is_complete,
        periods.is_in_cohort_window,
        periods.selling_days,
        cells.slice
        {%- for dim in dims %}, cells.{{ dim }}{% endfor %}
    from cells
    inner join {{ relations['periods'] }} as periods
        on cells.grain = periods.grain
        and cells.period_start = periods.period_start
        and cells.period_end = periods.period_end
    where
        cells.slice > 0
        {% for dims_of_slice in slices[1:] -%}
        and (cells.slice <> {{ loop.index }}{% for dim in dims_of_slice %} or cells.{{ dim }} is not null{% endfor %})
        {% endfor -%}
        and ({% for window in windows %}{% for input in inputs %}coalesce(cells.{{ '' if window == 'own' else window ~ '_' }}n_{{ input }}, 0) > 0{{ ' or ' if not loop.last }}{% endfor %}{{ ' or ' if not loop.last }}{% endfor %})
),
{%- endmacro %}


{#- CTE: periods and slices with all that measures are made of: nothing sums to 0; s_ are sums, n_ counts of rows, t_ counts
    of the whole period, p_ percentiles (completed). -#}
{% macro completed_cells(spec, slices) -%}
{%- set inputs = measure_inputs(spec) -%}
{%- set dims = used_dimensions(slices) -%}
{%- set windows = used_windows(spec) -%}
{%- set percentiles = percentile_measures(spec) -%}
completed as (
    select
        periods_and_slices.*,
        {% for window in windows -%}
        {% set prefix = '' if window == 'own' else window ~ '_' -%}
        {% for input in inputs -%}
        {{ divided('coalesce(cells.' ~ prefix ~ 's_' ~ input ~ ', 0)', spec, input) }} as {{ prefix }}s_{{ input }},
        cast(coalesce(cells.{{ prefix }}n_{{ input }}, 0) as bigint) as {{ prefix }}n_{{ input }},
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
    {% if spec.get('grains') -%}
    where periods_and_slices.grain in ({% for grain in spec['grains'] %}'{{ grain }}'{{ ', ' if not loop.last }}{% endfor %})
    {% endif -%}
),
{%- endmacro %}


{#- The columns of one measure over the completed cells. -#}
{% macro measure_select(name, measure, slices) -%}
    {%- set dims = used_dimensions(slices) %}
    select
        '{{ name }}' as measure,
        grain,
        period_start,
        period_end,
        slice,
        {{ listed(dims) }}
        {%- set parts = measure_parts(name, measure) %}
        cast({{ parts['numerator'] }} as decimal(38, 14)) as numerator,
        cast({{ parts['denominator'] }} as decimal(38, 14)) as denominator,
        {% if measure.get('null_unless') -%}
        case when n_{{ measure['null_unless'] }} > 0 then {{ parts['value'] }} end as value,
        {% else -%}
        {{ parts['value'] }} as value,
        {% endif -%}
        {{ parts['row_count'] }} as row_count,
        is_complete,
        {{ 'is_in_cohort_window' if measure.get('cohort') else 'false' }} as is_provisional
    from completed
    {%- if 'dimensions' in measure %}
    where slice in (0{% for dims_of_slice in slices if dims_of_slice and not (dims_of_slice | reject('in', measure['dimensions']) | list) %}, {{ slices.index(dims_of_slice) }}{% endfor %})
    {%- endif %}
{%- endmacro %}


{#- Numerator, denominator, value and row count of a measure as SQL over the completed cells. -#}
{% macro measure_parts(name, measure) %}
    {% set numerator, denominator = 'null', 'null' %}
    {% if 'count' in measure %}
        {% set value, row_count = 'cast(n_' ~ measure['count'] ~ ' as double precision)', 'n_' ~ measure['count'] %}
    {% elif 'sum' in measure %}
        {% set value, row_count = as_double('s_' ~ measure['sum']), 'n_' ~ measure['sum'] %}
    {% elif 'mean' in measure %}
        {% set numerator, denominator = 's_' ~ measure['mean'], 'n_' ~ measure['mean'] %}
        {% set row_count = denominator %}
    {% elif 'ratio' in measure %}
        {% set numerator, denominator = 's_' ~ measure['ratio'][0], 's_' ~ measure['ratio'][1] %}
        {% set row_count = 'n_' ~ measure['ratio'][1] %}
    {% elif 'share' in measure %}
        {% set numerator, denominator = 'n_' ~ measure['share'], 't_' ~ measure['share'] %}
        {% set row_count = numerator %}
    {% elif 'percentile' in measure %}
        {% set value, row_count = rounded('p_' ~ name), 'n_' ~ measure['percentile'][0] %}
    {% else %}
        {% set value, row_count = rounded(formula_sql(measure['formula'])), 'null' %}
    {% endif %}
    {% if denominator != 'null' %}
        {% set value = rounded(as_double(numerator) ~ ' / nullif(' ~ as_double(denominator) ~ ', 0)') %}
    {% endif %}
    {% if measure.get('counts') %}
        {% set terms = [] %}
        {% for input in ([measure['counts']] if measure['counts'] is string else measure['counts']) %}
            {% do terms.append(count_term(input)) %}
        {% endfor %}
        {% set row_count = terms | join(' + ') %}
    {% endif %}
    {% do return({'numerator': numerator, 'denominator': denominator, 'value': value, 'row_count': row_count}) %}
{% endmacro %}


{#- n_input, or previous_n_input for previous.input. -#}
{% macro count_term(input) %}
    {% do return(input.split('.')[0] ~ '_n_' ~ input.split('.')[1] if '.' in input else 'n_' ~ input) %}
{% endmacro %}


{#- A formula with its placeholders replaced by columns of the completed cells. -#}
{% macro formula_sql(formula) %}
    {% set sql = namespace(text=formula) %}
    {% for term in formula_terms(formula) %}
        {% set columns = [] %}
        {% for name in term.split(' - ') %}
            {% do columns.append(name.split('.')[0] ~ '_s_' ~ name.split('.')[1] if '.' in name else 's_' ~ name) %}
        {% endfor %}
        {% set column = term[7:] if term.startswith('period.') else as_double(columns | join(' - ')) %}
        {% set sql.text = sql.text | replace('{' ~ term ~ '}', column) %}
    {% endfor %}
    {% do return(sql.text) %}
{% endmacro %}


{#- What stands between braces in a formula: a name, or the difference of two. -#}
{% macro formula_terms(formula) %}
    {% set terms = [] %}
    {% for part in formula.split('{')[1:] %}
        {% if part.split('}')[0] not in terms %}{% do terms.append(part.split('}')[0]) %}{% endif %}
    {% endfor %}
    {% do return(terms) %}
{% endmacro %}


{#- The names between braces in a formula. -#}
{% macro formula_names(formula) %}
    {% set names = [] %}
    {% for term in formula_terms(formula) %}
        {% for name in term.split(' - ') if name not in names %}{% do names.append(name) %}{% endfor %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}


{#- The inputs that the measures name, each once. -#}
{% macro measure_inputs(spec) %}
    {% set inputs = [] %}
    {% for measure in spec['measures'].values() %}
        {% set named = [] %}
        {% for kind in ['count', 'sum', 'mean', 'share', 'null_unless'] if measure.get(kind) %}{% do named.append(measure[kind]) %}{% endfor %}
        {% do named.extend(measure.get('ratio', [])) %}
        {% do named.extend(measure.get('percentile', [])[:1]) %}
        {% do named.extend(formula_names(measure.get('formula', ''))) %}
        {% do named.extend([measure['counts']] if measure.get('counts') is string else measure.get('counts', [])) %}
        {% for name in named %}
            {% set input = name.split('.')[-1] %}
            {% if input not in inputs and not name.startswith('period.') %}{% do inputs.append(input) %}{% endif %}
        {% endfor %}
    {% endfor %}
    {% do return(inputs) %}
{% endmacro %}


{#- The numeric columns of the rows that are added up: the measures' inputs, or what the subjects' are made of. -#}
{% macro base_inputs(spec) %}
    {% do return(spec['inputs'] if spec.get('subject') else measure_inputs(spec)) %}
{% endmacro %}


{#- own, and the compared windows that formulas name. -#}
{% macro used_windows(spec) %}
    {% set windows = ['own'] %}
    {% for measure in spec['measures'].values() %}
        {% for name in formula_names(measure.get('formula', '')) if name.split('.')[0] in ['previous', 'year'] %}
            {% if name.split('.')[0] not in windows %}{% do windows.append(name.split('.')[0]) %}{% endif %}
        {% endfor %}
    {% endfor %}
    {% do return(windows) %}
{% endmacro %}


{% macro share_inputs(spec) %}
    {% set inputs = [] %}
    {% for measure in spec['measures'].values() if 'share' in measure and measure['share'] not in inputs %}
        {% do inputs.append(measure['share']) %}
    {% endfor %}
    {% do return(inputs) %}
{% endmacro %}


{% macro percentile_measures(spec) %}
    {% set found = {} %}
    {% for name, measure in spec['measures'].items() if 'percentile' in measure %}
        {% do found.update({name: measure}) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


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


{#- Days added up to the periods that hold them. -#}
{% macro cells_of_days(days, period_days, inputs, dims, subject, windows) -%}
    {%- set keys = ([subject] if subject else ['slice']) + dims -%}
    select
        period_days.time_window,
        period_days.grain,
        period_days.period_start,
        period_days.period_end,
        {{ listed(keys, days ~ '.') }}
        {% for input in inputs -%}
        sum({{ days }}.s_{{ input }}) as s_{{ input }},
        sum({{ days }}.n_{{ input }}) as n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ days }}
    inner join {{ period_days }} as period_days
        on {{ days }}.event_on = period_days.date_day
    where
        period_days.before_at is null
        and period_days.time_window in ({% for window in windows %}'{{ window }}'{{ ', ' if not loop.last }}{% endfor %})
    group by
        period_days.time_window,
        period_days.grain,
        period_days.period_start,
        period_days.period_end{% for key in keys %},
        {{ days }}.{{ key }}{% endfor %}
{%- endmacro %}


{#- The last day of a comparison with a running period counts only up to the same time of the day. -#}
{% macro cells_of_part_days(relations, spec, inputs, slices, dims) -%}
    select
        period_days.time_window,
        period_days.grain,
        period_days.period_start,
        period_days.period_end,
        {{ slice_number(slices) }} as slice,
        {{ listed(dims) }}
        {{ input_sums(inputs) }}
    from {{ relations['rows'] }} as kpi_rows
    inner join {{ relations['period_days'] }} as period_days
        on kpi_rows.event_on = period_days.date_day
        and kpi_rows.event_local_at < period_days.before_at
    group by {{ grouping_sets(
        ['period_days.time_window', 'period_days.grain', 'period_days.period_start', 'period_days.period_end'], slices
    ) }}
{%- endmacro %}


{% macro same_cell(left, right, dims) -%}
    {{ left }}.grain = {{ right }}.grain
        and {{ left }}.period_start = {{ right }}.period_start
        and {{ left }}.period_end = {{ right }}.period_end
        and {{ left }}.slice = {{ right }}.slice
        {% for dim in dims -%}
        and {{ left }}.{{ dim }} is not distinct from {{ right }}.{{ dim }}
        {% endfor %}
{%- endmacro %}


{#- The sum of an input, divided where its rows hold multiples. -#}
{% macro divided(sum, spec, input) -%}
    {%- set divisor = (spec.get('divisors') or {}).get(input) -%}
    {{ exact_quotient(sum, divisor) if divisor else sum }}
{%- endmacro %}


{#- A decimal ÷ a whole number, right to the last of 14 decimals: the quotient of doubles, and that of what it left. -#}
{% macro exact_quotient(dividend, divisor) -%}
    {%- set near = 'cast(cast(' ~ dividend ~ ' as double precision) / ' ~ divisor ~ ' as decimal(38, 14))' -%}
    ({{ near }} + cast(cast({{ dividend }} - {{ near }} * {{ divisor }} as double precision) / {{ divisor }} as decimal(38, 14)))
{%- endmacro %}


{#- The nearest double of a decimal: through its text, since engines differ in the last digit otherwise. -#}
{% macro as_double(expression) %}{% do return('cast(cast(' ~ expression ~ ' as varchar) as double precision)') %}{% endmacro %}


{#- A quotient rounded to 12 significant digits. -#}
{% macro rounded(expression) %}
    {% do return(
        'case when (' ~ expression ~ ') = 0 then cast(0 as double precision) else round(' ~ expression
        ~ ', 11 - cast(floor(log10(abs(' ~ expression ~ '))) as integer)) end'
    ) %}
{% endmacro %}
