{#- The rows behind one figure. Pure Jinja, rendered by the runner; what meets a period, and what a measure is made of, are
    the roll-up's own macros (cells, measures), so that the rows' sums are the figure.

    `spec` is that of the KPI with one measure alone; `component` an input of it, none for the figure itself; `columns` are
    those of the rows' table, `identity` those of them that tell things apart: ids, keys and dimensions; `relations` are
    those of rollup(), with a single period.

    It ends with the CTE `drilled`: the columns, time_window, and what the row adds to the figure: figure_numerator,
    figure_denominator, figure_value (of a count or sum; of a percentile, the row's own) and figure_row_count. They have
    all their decimals: a figure keeps 14 of its sums, and rows that were cut to 14 each would add up to others.

    A row that adds to a figure and is not counted in it (the customer kept, of a customer at the start; a quota's later
    days) is shown as one with the counted row of the same identity, where there is one. A measure over subjects has
    one row per subject: inputs are its sums, other columns are there where all its rows agree. -#}
{% macro drill(spec, component, columns, identity, relations) -%}
{%- set keys = rollup_keys(spec, [[]]) -%}
{%- set terms = drilled_terms(spec, component) -%}
{%- set subject = drilled_subject(spec, component) -%}
{{ met_rows(relations, spec['row_kinds'], keys) }}
{% if subject -%}
{{ rows_of_subjects(spec, subject, columns, keys, relations['periods']) }}
{%- else -%}
{{ rows_of_things(spec, terms, columns, identity) }}
{%- endif %}
termed as (
    select
        found.time_window,
        {{ listed(columns, 'found.') }}
        {% for window in used_windows(spec) -%}
        {% for input in drilled_inputs(spec, subject) -%}
        {{ divided('coalesce(found.' ~ window_prefix(window) ~ 's_' ~ input ~ ', 0)', spec, input, 20) }} as {{ window_prefix(window) }}s_{{ input }},
        found.{{ window_prefix(window) }}n_{{ input }},
        {% if window == 'own' %}found.n_{{ input }} as t_{{ input }},{% endif %}
        {% endfor -%}
        {% endfor -%}
        periods.end_day_number
    from found
    cross join {{ relations['periods'] }} as periods
),

drilled as (
    select
        time_window,
        {{ listed(columns) }}
        {{ terms['numerator'] if terms['numerator'] != 'null' else 'cast(null as decimal(38, 14))' }} as figure_numerator,
        {{ terms['denominator'] if terms['denominator'] != 'null' else 'cast(null as decimal(38, 14))' }} as figure_denominator,
        {{ terms['value'] }} as figure_value,
        cast({{ terms['row_count'] }} as bigint) as figure_row_count
    from termed
    where
        {{ terms['row_count'] }} <> 0
        {% for part in ['numerator', 'denominator'] if terms[part] != 'null' -%}
        or {{ terms[part] }} <> 0
        {% endfor %}
)
{%- endmacro %}


{#- Every row with each window that it takes part in. -#}
{% macro met_rows(relations, row_kinds, keys) -%}
{%- set is_compared = 'previous' in keys.windows or 'year' in keys.windows -%}
met_rows as (
    {% for kind in row_kinds + (['part_day'] if is_compared and 'event' in row_kinds else []) -%}
    select
        {{ listed(period_keys(), 'met.') }}
        kpi_rows.*
    from {{ relations['rows'] }} as kpi_rows
    {% if kind in ['event', 'part_day'] -%}
    inner join {{ relations['window_days'] }} as days
        on {{ event_meets_day('kpi_rows', 'days', keys) if kind == 'event' else event_meets_part_day('kpi_rows', 'days') }}
    inner join {{ relations['windows'] }} as met
        on days.window_id = met.window_id
    {%- elif kind == 'state' -%}
    inner join {{ relations['windows'] }} as met
        on {{ state_holds('kpi_rows', 'met.window_end') }}
        {{ 'and kpi_rows.held_from_on is null' if keys.has_spans }}
    {%- else -%}
    inner join {{ relations['windows'] }} as met
        on {{ span_holds('kpi_rows', 'met.window_start', 'met.window_end') }}
    {%- endif %}
    where {{ is_window_used('met', keys) }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),
{%- endmacro %}


{#- `found`: the rows themselves, those that are not counted joined to those that are. -#}
{% macro rows_of_things(spec, terms, columns, identity) -%}
{%- set inputs = base_inputs(spec) -%}
{%- set windows = used_windows(spec) -%}
windowed as (
    select
        time_window,
        {{ listed(columns) }}
        {{ windowed_inputs('met_rows', windows, inputs) }}
    from met_rows
),

counted as (
    select
        *,
        case when {{ terms['row_count'] }} > 0 then 1 else 0 end as is_counted
    from windowed
    where {{ has_input(windows, inputs) }}
),

numbered as (
    select
        *,
        case
            when is_counted = 1 then row_number() over (
                partition by time_window, {{ listed(identity) }} is_counted
                order by {{ columns | join(', ') }}
            )
            else 1
        end as thing_number
    from counted
),

found as (
    select
        time_window,
        {% for column in columns -%}
        {% if column in identity -%}
        {{ column }},
        {% elif column in inputs -%}
        sum({{ column }}) as {{ column }},
        {% else -%}
        coalesce(max(case when is_counted = 1 then {{ column }} end), max({{ column }})) as {{ column }},
        {% endif -%}
        {% endfor -%}
        {% for window in windows -%}
        {% for input in inputs -%}
        sum({{ window_prefix(window) }}s_{{ input }}) as {{ window_prefix(window) }}s_{{ input }},
        cast(sum({{ window_prefix(window) }}n_{{ input }}) as bigint) as {{ window_prefix(window) }}n_{{ input }},
        {% endfor -%}
        {% endfor -%}
        count(*) as row_total
    from numbered
    group by time_window, {{ listed(identity) }} thing_number
),
{%- endmacro %}


{#- `found`: one row per subject, with the inputs that are worked out from the sums of its rows. -#}
{% macro rows_of_subjects(spec, subject, columns, keys, periods) -%}
{%- set base = base_inputs(spec) -%}
{%- set expressions = spec['subjects'][subject] -%}
{%- set windows = used_windows(spec) -%}
all_cells as (
    select
        {{ listed(period_keys()) }}
        0 as slice,
        {{ listed(keys.subjects) }}
        {% for input in base -%}
        {{ input }} as s_{{ input }},
        case when {{ input }} is not null then 1 else 0 end as n_{{ input }}{{ ',' if not loop.last }}
        {% endfor %}
    from met_rows
),

{{ summed_subjects(subject, expressions, base, periods, keys) }}
described as (
    select
        time_window,
        {% for column in columns if column != subject -%}
        {% if column in base -%}
        sum({{ column }}) as {{ column }},
        {% else -%}
        case when min({{ column }}) = max({{ column }}) then min({{ column }}) end as {{ column }},
        {% endif -%}
        {% endfor -%}
        {{ subject }}
    from met_rows
    group by time_window, {{ subject }}
),

found as (
    select
        described.time_window,
        {{ listed(columns, 'described.') }}
        {{ windowed_inputs('subjects_1', windows, expressions.keys() | list) }}
    from subjects_1
    inner join described
        on subjects_1.time_window = described.time_window
        and subjects_1.{{ subject }} is not distinct from described.{{ subject }}
    where {% for input in expressions %}subjects_1.{{ input }} is not null{{ ' or ' if not loop.last }}{% endfor %}
),
{%- endmacro %}


{#- Per subject: the inputs of the measures from the sums of its rows, as subject_cells() has them. -#}
{% macro summed_subjects(subject, expressions, base, periods, keys) -%}
subjects_1 as (
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
        on {{ same_period('summed', 'period') }}
),

{% endmacro %}


{#- The sum and row count of each input that a single row gives, in each window. -#}
{% macro windowed_inputs(relation, windows, inputs) -%}
    {% for window in windows -%}
        {% set is_last_window = loop.last -%}
        {% set belongs = relation ~ ".time_window in ('" ~ window_names([window]) | join("', '") ~ "')" -%}
        {% for input in inputs -%}
        {% set column = relation ~ '.' ~ input -%}
        case when {{ belongs }} then {{ column }} end as {{ window_prefix(window) }}s_{{ input }},
        case when {{ belongs }} and {{ column }} is not null then 1 else 0 end as {{ window_prefix(window) }}n_{{ input }}
        {{- ',' if not (loop.last and is_last_window) }}
        {% endfor -%}
    {% endfor -%}
{%- endmacro %}


{#- Whether a row has any of the inputs in any of the windows. -#}
{% macro has_input(windows, inputs) -%}
    {% for window in windows %}{% for input in inputs %}{{ window_prefix(window) }}n_{{ input }} > 0{{ ' or ' if not loop.last }}{% endfor %}{{ ' or ' if not loop.last }}{% endfor %}
{%- endmacro %}


{#- What a row adds to the figure, as SQL over its own sums and row counts; of a component, to its sum. -#}
{% macro drilled_terms(spec, component) %}
    {% set name = spec['measures'].keys() | first %}
    {% set measure = spec['measures'][name] %}
    {% if component %}
        {% do return({
            'numerator': 'null', 'denominator': 'null',
            'value': window_column('s_', component), 'row_count': window_column('n_', component),
        }) %}
    {% endif %}
    {% set parts = measure_parts(name, measure) %}
    {% set value = 'cast(null as decimal(38, 14))' %}
    {% if 'count' in measure %}
        {% set value = 'n_' ~ measure['count'] %}
    {% elif 'sum' in measure %}
        {% set value = 's_' ~ measure['sum'] %}
    {% elif 'percentile' in measure %}
        {% set value = ('end_day_number - ' if measure.get('age') else '') ~ 's_' ~ measure['percentile'][0] %}
    {% endif %}
    {% do return({
        'numerator': parts['numerator'], 'denominator': parts['denominator'],
        'value': value, 'row_count': '(' ~ parts['row_count'] ~ ')',
    }) %}
{% endmacro %}


{#- The subject that the figure, or the component, is over; none where it is over the rows themselves. -#}
{% macro drilled_subject(spec, component) %}
    {% set asked = [component.split('.')[-1]] if component else measure_inputs(spec) %}
    {% set found = namespace(subject=none) %}
    {% for subject, expressions in (spec.get('subjects') or {}).items() %}
        {% for input in asked if input in expressions %}{% set found.subject = subject %}{% endfor %}
    {% endfor %}
    {% do return(found.subject) %}
{% endmacro %}


{#- The inputs that the rows of drill() have sums of. -#}
{% macro drilled_inputs(spec, subject) %}
    {% do return(spec['subjects'][subject].keys() | list if subject else base_inputs(spec)) %}
{% endmacro %}


{#- What a formula is made of, by name: its inputs, those of a window with the window's name, and what they are worked out
    from. -#}
{% macro components(spec) %}
    {% set names = [] %}
    {% for measure in spec['measures'].values() %}
        {% for name in named_inputs(measure) if name not in names and not name.startswith(('period.', 'trailing_months.')) %}
            {% do names.append(name) %}
        {% endfor %}
    {% endfor %}
    {% do names.extend(spec.get('inputs') or []) %}
    {% do return(names | unique | list) %}
{% endmacro %}


{#- Whether a measure has no rows of its own, just those of its components: a formula, or one that is over several things. -#}
{% macro needs_component(spec) %}
    {% set measure = spec['measures'].values() | first %}
    {% set inputs = drilled_inputs(spec, drilled_subject(spec, none)) %}
    {% do return('formula' in measure or measure_inputs(spec) | reject('in', inputs) | list | length > 0) %}
{% endmacro %}
