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
    `relations` names: rows, periods, windows (the periods and those that they are measured over), window_days and
    block_days (windows.sql).
    `grid` says which slices of which grains are wanted (grid.sql); all, where it is none. -#}
{% macro rollup(spec, slices, relations, grid=none) -%}
{%- set keys = rollup_keys(spec, slices, grid) -%}
{%- set parts = grid_parts(slices, grid) -%}
{%- set parts_keys = [] -%}
{%- for part in parts -%}
    {%- do parts_keys.append(dict(keys, part=part, subjects=[], name=part.number | string, blocks=none)) -%}
{%- endfor -%}
{%- set plain = plain_inputs(spec) -%}
{%- set percentiles = percentile_measures(spec) -%}
{{ numbered_windows(relations, keys, parts, looks_at_period(spec)) }}
{%- for part_keys in parts_keys -%}
    {%- if 'event' in spec['row_kinds'] -%}{{ dated_events(relations, base_inputs(spec), keys.subjects, part_keys) }}{%- endif -%}
    {%- set blocks = [] -%}
    {%- for subject in keys.subjects if has_blocks(spec, subject, keys) -%}
        {%- do blocks.append('subject_blocks_' ~ part_keys.name ~ '_' ~ (keys.subjects.index(subject) + 1)) -%}
        {{ subject_blocks(subject, base_inputs(spec), blocks[-1], part_keys) }}
    {%- endfor -%}
    {%- if plain -%}
        {{ cells_of_kinds(spec['row_kinds'], relations, plain, dict(part_keys, blocks=blocks[0] if blocks else none)) }}
    {%- endif -%}
    {%- for subject in keys.subjects -%}
        {{ subject_cells(spec, subject, relations, dict(part_keys, subjects=[subject], name=part_keys.name ~ '_' ~ loop.index)) }}
    {%- endfor -%}
{%- endfor -%}
{{ cells_of_slices(spec, keys, parts_keys) }}
{% if percentiles -%}
{{ percentile_cells(relations, spec['row_kinds'], percentiles, parts_keys) }}
{%- endif -%}
{{ completed_cells(spec, relations, keys, percentiles) }}
measured as (
    {% for name, measure in spec['measures'].items() -%}
    {{ measure_select(name, measure, slices, keys.dims) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)
{%- endmacro %}


{#- What the cells hang on: the slices asked for and the columns that their dimensions are in, the KPI's subjects and
    windows, and how its rows are dated. -#}
{% macro rollup_keys(spec, slices, grid=none) %}
    {% do return({
        'dims': dimension_places(slices),
        'subjects': (spec.get('subjects') or {}).keys() | list,
        'slices': slices,
        'grid': grid,
        'windows': window_names(used_windows(spec)),
        'paired': spec.get('paired') or false,
        'has_spans': 'span' in spec['row_kinds'],
    }) %}
{% endmacro %}


{#- The cells of every kind of rows. -#}
{% macro cells_of_kinds(row_kinds, relations, inputs, keys) -%}
    {%- if 'event' in row_kinds -%}{{ event_cells(relations, inputs, keys) }}{%- endif -%}
    {%- if 'state' in row_kinds -%}{{ state_cells(relations, inputs, keys) }}{%- endif -%}
    {%- if 'span' in row_kinds -%}{{ span_cells(relations, inputs, keys) }}{%- endif -%}
{%- endmacro %}


{#- Whether a subject's inputs are worked out from its period, too. -#}
{% macro looks_at_period(spec) %}
    {% set found = namespace(any=false) %}
    {% for expressions in (spec.get('subjects') or {}).values() %}
        {% for expression in expressions.values() if 'period.' in expression %}{% set found.any = true %}{% endfor %}
    {% endfor %}
    {% do return(found.any) %}
{% endmacro %}


{#- Per subject first: the inputs of the measures from the sums of each subject, one slice after the other. Where subjects
    are many (visitors), it is one grain after the other, too, each in a pass of its own; all at once would fill the memory. -#}
{% macro subject_cells(spec, subject, relations, keys) -%}
{%- set is_of_events = is_of_plain_events(spec, keys) -%}
{%- set are_many = is_of_events and not has_blocks(spec, subject, keys) -%}
{%- if not is_of_events -%}
{{ cells_of_kinds(spec['row_kinds'], relations, spec['inputs'], keys) }}
{%- endif -%}
{%- set passes = [] -%}
{%- for number in keys.part.slices -%}
    {%- for grain in (keys.part.grains if are_many and keys.part.grains else [none]) -%}
        {%- do passes.append('subject_pass_' ~ keys.name ~ '_' ~ (passes | length + 1)) %}
{{ mark_begins('pass') if are_many }}{{ passes[-1] }} as (
    {{ subject_pass(spec, subject, relations, keys, number, grain) }}
),{{ mark_ends('pass') if are_many }}
    {%- endfor -%}
{%- endfor %}

subject_cells_{{ keys.name }} as (
    {% for pass in passes -%}
    select * from {{ pass }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

{% endmacro %}


{#- The inputs of the measures from the sums of each subject in a slice, in the windows of one grain, where one is given. -#}
{% macro subject_pass(spec, subject, relations, keys, number, grain) -%}
    {%- set expressions = spec['subjects'][subject] -%}
    select
        summed.window_number,
        {{ number }} as slice,
        {{ dimensions_of_slice(number, keys) }}
        {% for name, expression in expressions.items() -%}
        sum({{ expression }}) as s_{{ name }},
        count({{ expression }}) as n_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        {% if is_of_plain_events(spec, keys) -%}
        {{ summed_events(spec, subject, keys, number, grain) }}
        {%- else -%}
        {{ summed_cells(spec['row_kinds'], subject, spec['inputs'], keys, number) }}
        {%- endif %}
    ) as summed
    {% if looks_at_period(spec) -%}
    inner join windows_{{ keys.part.number }} as windows
        on summed.window_number = windows.window_number
    inner join {{ relations['periods'] }} as period
        on {{ same_period('windows', 'period') }}
    {% endif -%}
    group by {{ (['summed.window_number'] + keys.slices[number]) | join(', ') }}
{%- endmacro %}


{#- Whether a KPI's rows are events alone, all of whose days count whole. -#}
{% macro is_of_plain_events(spec, keys) %}{% do return(spec['row_kinds'] == ['event'] and not is_compared(keys)) %}{% endmacro %}


{#- What the expressions over a subject read: inputs, which are summed, and n_ with an input, which counts its rows. -#}
{% macro subject_columns(spec, subject) %}
    {% set columns = [] %}
    {% set text = spec['subjects'][subject].values() | join(' ') %}
    {% for input in spec['inputs'] %}
        {% if 'n_' ~ input in text %}{% do columns.append('n_' ~ input) %}{% endif %}
        {% if input in text | replace('n_' ~ input, '') %}{% do columns.append(input) %}{% endif %}
    {% endfor %}
    {% do return(columns) %}
{% endmacro %}


{#- Whether the events of a subject are added up per block first. Not where all that is asked is how many rows it has: such
    subjects are many (visitors, sessions), and so few rows share one in a block that it would be a pass for nothing. Others
    are few (reps, products). -#}
{% macro has_blocks(spec, subject, keys) %}
    {% set summed = [] %}
    {% for column in subject_columns(spec, subject) if column in spec['inputs'] %}{% do summed.append(column) %}{% endfor %}
    {% do return(is_of_plain_events(spec, keys) and summed | length > 0) %}
{% endmacro %}


{#- The events of each subject added up per block. -#}
{% macro subject_blocks(subject, inputs, name, keys) -%}
{%- set since = ['since_on'] if keys.paired else [] -%}
{% for number in keys.part.slices -%}
{%- set block_keys = ['block_on'] + since + [subject] + keys.slices[number] -%}
{{ name }}_{{ number }} as (
    select
        {{ listed(block_keys) }}
        {{ input_sums(inputs) }}
    from dated_events_{{ keys.part.number }}
    group by {{ block_keys | join(', ') }}
),

{% endfor -%}
{%- endmacro %}


{#- The sums of each subject in each window, of a slice; in the windows of one grain, where one is given. -#}
{% macro summed_events(spec, subject, keys, number, grain) -%}
{%- set in_blocks = has_blocks(spec, subject, keys) -%}
        select
            blocks.window_number,
            {{ listed([subject] + keys.slices[number], 'events.') }}
            {% for column in subject_columns(spec, subject) -%}
            {% if in_blocks -%}
            sum(events.{{ column if column not in spec['inputs'] else 's_' ~ column }})
            {%- else -%}
            count(events.{{ column[2:] }})
            {%- endif %} as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ 'subject_blocks_' ~ keys.name ~ '_' ~ number if in_blocks else 'dated_events_' ~ keys.part.number }} as events
        inner join blocks_{{ keys.part.number }} as blocks
            on {{ event_meets_block('events', 'blocks', keys) }}
        {% if grain is not none -%}
        where blocks.grain = '{{ grain }}'
        {% endif -%}
        group by blocks.window_number, {% for column in [subject] + keys.slices[number] %}events.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}


{#- The same from the cells of several kinds of rows. -#}
{% macro summed_cells(row_kinds, subject, inputs, keys, number) -%}
        select
            window_number,
            {{ listed([subject] + keys.slices[number]) }}
            {% for input in inputs -%}
            sum(s_{{ input }}) as {{ input }},
            sum(n_{{ input }}) as n_{{ input }}{{ ',' if not loop.last }}
            {% endfor %}
        from (
            {% for kind in row_kinds -%}
            select *{% for dim in keys.slices[number] %}, {{ keys.dims[loop.index0] }} as {{ dim }}{% endfor %} from {{ kind }}_cells_{{ keys.name }} where slice = {{ number }}
            {{ 'union all' if not loop.last }}
            {% endfor -%}
        ) as cells_of_kinds
        group by {{ (['window_number', subject] + keys.slices[number]) | join(', ') }}
{%- endmacro %}


{#- One row per period and slice, with the sums and row counts of each input, the windows beside each other. Cells that
    come from one place are whole already, but for those of days that count in part. -#}
{% macro cells_of_slices(spec, keys, parts_keys) -%}
{%- set inputs = measure_inputs(spec) -%}
{%- set windows = used_windows(spec) -%}
{%- set are_whole = not keys.subjects and spec['row_kinds'] | length == 1 and not is_compared(keys) -%}
window_cells as (
    {% if are_whole -%}
    {{ all_cells(spec, inputs, keys, parts_keys) }}
    {%- else -%}
    select
        window_number,
        {{ listed(['slice'] + keys.dims) }}
        {% for input in inputs -%}
        sum(s_{{ input }}) as s_{{ input }},
        sum(n_{{ input }}) as n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        {{ all_cells(spec, inputs, keys, parts_keys) }}
    ) as all_cells
    group by {{ (['window_number', 'slice'] + keys.dims) | join(', ') }}
    {%- endif %}
),

cells as (
    select
        {{ listed(period_keys()[1:], 'kpi_windows.') }}
        {{ listed(['slice'] + keys.dims, 'window_cells.') }}
        {% for window in windows -%}
        {% set is_last_window = loop.last -%}
        {% set belongs = "kpi_windows.window_kind = '" ~ window ~ "'" -%}
        {% for input in inputs -%}
        {% for part in ['s_', 'n_'] -%}
        {% if windows == ['own'] -%}
        window_cells.{{ part }}{{ input }}
        {%- else -%}
        sum(case when {{ belongs }} then window_cells.{{ part }}{{ input }} end) as {{ window_prefix(window) }}{{ part }}{{ input }}
        {%- endif -%}
        {{ ', ' if not loop.last }}
        {% endfor -%}
        {% if window == 'trailing' -%}
        , count(case when {{ belongs }} and window_cells.n_{{ input }} > 0 then 1 end) as trailing_months_{{ input }}
        {%- endif -%}
        {{ ',' if not (loop.last and is_last_window) }}
        {% endfor -%}
        {% endfor %}
    from window_cells
    inner join kpi_windows
        on window_cells.window_number = kpi_windows.window_number
    {% if windows != ['own'] -%}
    group by kpi_windows.grain, kpi_windows.period_start, kpi_windows.period_end, window_cells.slice{% for dim in keys.dims %}, window_cells.{{ dim }}{% endfor %}
    {% endif -%}
),
{%- endmacro %}


{#- The cells of all parts of the grid: those of the rows, and those that are over subjects. -#}
{% macro all_cells(spec, inputs, keys, parts_keys) -%}
{%- set plain = plain_inputs(spec) -%}
{%- for part_keys in parts_keys -%}
        {%- set is_last_part = loop.last -%}
        {%- set relations = [] -%}
        {%- for kind in spec['row_kinds'] if plain -%}
            {%- do relations.append([kind ~ '_cells_' ~ part_keys.name, plain]) -%}
        {%- endfor -%}
        {%- for subject, expressions in (spec.get('subjects') or {}).items() -%}
            {%- do relations.append(['subject_cells_' ~ part_keys.name ~ '_' ~ loop.index, expressions.keys() | list]) -%}
        {%- endfor -%}
        {%- for relation, known in relations -%}
        select
            window_number,
            {{ listed(['slice'] + keys.dims) }}
            {% for input in inputs -%}
            {% if input in known %}s_{{ input }}, n_{{ input }}{% else %}cast(null as bigint) as s_{{ input }}, cast(null as bigint) as n_{{ input }}{% endif %}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ relation }}
        {{ 'union all' if not (is_last_part and loop.last) }}
        {% endfor -%}
{%- endfor -%}
{%- endmacro %}


{#- Every period's total, also that of an empty one, and every slice in which there is something. Where anything is, the
    total is; so a period without cells is one without rows. -#}
{% macro completed_cells(spec, relations, keys, percentiles) -%}
{%- set dims = keys.dims -%}
{%- set inputs = measure_inputs(spec) -%}
{%- set windows = used_windows(spec) %}
{{ mark_begins('step') }}completed as (
    select
        periods.*,
        coalesce(cells.slice, 0) as slice,
        {{ listed(dims, 'cells.') }}
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
        cast(coalesce(max(case when cells.slice = 0 then cells.n_{{ input }} end) over (
            partition by periods.grain, periods.period_start, periods.period_end
        ), 0) as bigint) as t_{{ input }},
        {% endfor -%}
        {% for name in percentiles -%}
        percentile_cells.{{ name }} as p_{{ name }},
        {% endfor -%}
        1 as one
    from {{ relations['periods'] }} as periods
    left join cells
        on {{ same_period('periods', 'cells') }}
    {% if percentiles -%}
    left join percentile_cells
        on {{ same_cell('cells', 'percentile_cells', dims) }}
    {% endif -%}
    where
        {{ is_among('periods.grain', keys.grid.keys() | list if keys.grid is not none else none) }}
        and (
            coalesce(cells.slice, 0) = 0
            or (
                ({% for window in windows %}{% for input in inputs %}coalesce(cells.{{ window_prefix(window) }}n_{{ input }}, 0) > 0{{ ' or ' if not loop.last }}{% endfor %}{{ ' or ' if not loop.last }}{% endfor %})
                {% for dim in dims -%}
                and (cells.{{ dim }} is not null{{ slices_without(loop.index, keys.slices, ' or cells.slice in ') }})
                {% endfor -%}
            )
        )
),{{ mark_ends('step') }}

{% endmacro %}


{#- Whether rows of two relations are of one period. -#}
{% macro same_period(left, right) -%}
    {{ left }}.grain = {{ right }}.grain
        and {{ left }}.period_start = {{ right }}.period_start
        and {{ left }}.period_end = {{ right }}.period_end
{%- endmacro %}


{% macro same_cell(left, right, dims) -%}
    {{ same_period(left, right) }}
        and {{ left }}.slice = {{ right }}.slice
        {% for dim in dims -%}
        and {{ left }}.{{ dim }} is not distinct from {{ right }}.{{ dim }}
        {% endfor %}
{%- endmacro %}


{#- The columns that the cells have for the dimensions of their slice: as many as any slice has. Slices lie below each
    other, so a column of its own for each dimension would be null nearly everywhere. -#}
{% macro dimension_places(slices) %}
    {% set places = [] %}
    {% for place in range(1, slices | map('length') | max + 1) %}{% do places.append('dim_' ~ place) %}{% endfor %}
    {% do return(places) %}
{% endmacro %}


{#- The slices beside the total that have no dimension at a place, as a list after some words; nothing where all have. -#}
{% macro slices_without(place, slices, words) -%}
    {%- set lacking = [] -%}
    {%- for number in range(1, slices | length) if slices[number] | length < place %}{% do lacking.append(number) %}{% endfor -%}
    {%- if lacking %}{{ words }}({{ lacking | join(', ') }}){% endif -%}
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
