{#- What measures are made of, and how they are worked out. Pure Jinja, part of the roll-up (rollup.sql). -#}

{#- The columns of one measure over the completed cells. -#}
{% macro measure_select(name, measure, slices, dims) -%}
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
        {{ parts['value'] }} as value,
        {{ parts['row_count'] }} as row_count,
        is_complete,
        {{ 'is_in_cohort_window' if measure.get('cohort') else 'false' }} as is_provisional
    from completed
    {%- if 'dimensions' in measure %}
    where slice in (0{% for dims_of_slice in slices if dims_of_slice and not (dims_of_slice | reject('in', measure['dimensions']) | list) %}, {{ slices.index(dims_of_slice) }}{% endfor %})
    {%- endif %}
{%- endmacro %}


{#- Numerator, denominator, value and row count of a measure as SQL over the completed cells. A quotient is rounded at the
    very last: rounding names it several times, which engines work out once only where it stands in no branch of its own. -#}
{% macro measure_parts(name, measure) %}
    {% set numerator, denominator, quotient = 'null', 'null', none %}
    {% if 'count' in measure %}
        {% set value, row_count = 'cast(n_' ~ measure['count'] ~ ' as ' ~ double_type() ~ ')', 'n_' ~ measure['count'] %}
    {% elif 'sum' in measure %}
        {% set value, row_count = as_double('s_' ~ measure['sum']), 'n_' ~ measure['sum'] %}
    {% elif 'mean' in measure %}
        {% set numerator, denominator = 's_' ~ measure['mean'], 'n_' ~ measure['mean'] %}
        {% if measure.get('age') %}{% set numerator = denominator ~ ' * end_day_number - ' ~ numerator %}{% endif %}
        {% set row_count = denominator %}
    {% elif 'ratio' in measure %}
        {% set numerator, denominator = window_column('s_', measure['ratio'][0]), window_column('s_', measure['ratio'][1]) %}
        {% set row_count = window_column('n_', measure['ratio'][1]) %}
    {% elif 'share' in measure %}
        {% set numerator, denominator = 'n_' ~ measure['share'], 't_' ~ measure['share'] %}
        {% set row_count = numerator %}
    {% elif 'percentile' in measure %}
        {% set percentile = 'end_day_number - p_' ~ name if measure.get('age') else 'p_' ~ name %}
        {% set quotient, row_count = percentile, 'n_' ~ measure['percentile'][0] %}
    {% else %}
        {% set quotient, row_count = formula_sql(measure['formula']), 'null' %}
    {% endif %}
    {% if denominator != 'null' %}
        {% set quotient = as_double('(' ~ numerator ~ ')') ~ ' / nullif(' ~ as_double(denominator) ~ ', 0)' %}
    {% endif %}
    {% set result = quotient or value %}
    {% if measure.get('null_unless') %}
        {% set result = 'case when n_' ~ measure['null_unless'] ~ ' > 0 then ' ~ result ~ ' end' %}
    {% endif %}
    {% if measure.get('counts') %}
        {% set terms = [] %}
        {% for input in ([measure['counts']] if measure['counts'] is string else measure['counts']) %}
            {% do terms.append(window_column('n_', input)) %}
        {% endfor %}
        {% set row_count = terms | join(' + ') %}
    {% endif %}
    {% if measure.get('row_count') %}{% set row_count = measure['row_count'] %}{% endif %}
    {% do return({
        'numerator': numerator, 'denominator': denominator, 'value': rounded(result) if quotient else result,
        'row_count': row_count,
    }) %}
{% endmacro %}


{#- The sum (s_) or row count (n_) of an input, or of a window's: previous.input gives previous_s_input. -#}
{% macro window_column(part, input) %}
    {% do return(input.split('.')[0] ~ '_' ~ part ~ input.split('.')[1] if '.' in input else part ~ input) %}
{% endmacro %}


{#- A formula with its placeholders replaced by columns of the completed cells. -#}
{% macro formula_sql(formula) %}
    {% set sql = namespace(text=formula) %}
    {% for term in formula_terms(formula) %}
        {% set columns = [] %}
        {% for name in term.split(' - ') %}
            {% do columns.append(window_column('s_', name)) %}
        {% endfor %}
        {% if term.startswith('period.') %}
            {% set column = term[7:] %}
        {% elif term.startswith('trailing_months.') %}
            {% set column = 'trailing_months_' ~ term.split('.')[1] %}
        {% else %}
            {% set column = as_double(columns | join(' - ')) %}
        {% endif %}
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


{#- What a measure is made of, by name: its inputs, those of a window with the window's name. -#}
{% macro named_inputs(measure) %}
    {% set named = [] %}
    {% for kind in ['count', 'sum', 'mean', 'share'] if measure.get(kind) %}{% do named.append(measure[kind]) %}{% endfor %}
    {% do named.extend(measure.get('ratio', [])) %}
    {% do named.extend(measure.get('percentile', [])[:1]) %}
    {% do named.extend(formula_names(measure.get('formula', ''))) %}
    {% do named.extend([measure['counts']] if measure.get('counts') is string else measure.get('counts', [])) %}
    {% do return(named) %}
{% endmacro %}


{#- The measures in which something happens where a slice is shown: those asked for, and the KPI's others. -#}
{% macro opening_measures(spec) %}
    {% do return(spec['measures'].values() | list + (spec.get('others') or {}).values() | list) %}
{% endmacro %}


{#- The inputs that the measures name, each once. -#}
{% macro measure_inputs(spec) %}
    {% set inputs = [] %}
    {% for measure in opening_measures(spec) %}
        {% for name in named_inputs(measure) + ([measure['null_unless']] if measure.get('null_unless') else []) %}
            {% set input = name.split('.')[-1] %}
            {% if input not in inputs and not name.startswith('period.') %}{% do inputs.append(input) %}{% endif %}
        {% endfor %}
    {% endfor %}
    {% do return(inputs) %}
{% endmacro %}


{#- The inputs of the measures that are columns of the rows: those that no subject is asked for. -#}
{% macro plain_inputs(spec) %}
    {% set inputs = [] %}
    {% set asked = [] %}
    {% for expressions in (spec.get('subjects') or {}).values() %}{% do asked.extend(expressions) %}{% endfor %}
    {% for input in measure_inputs(spec) if input not in asked %}{% do inputs.append(input) %}{% endfor %}
    {% do return(inputs) %}
{% endmacro %}


{#- The numeric columns of the rows that are added up: for the measures themselves, and for the subjects. -#}
{% macro base_inputs(spec) %}
    {% set inputs = plain_inputs(spec) %}
    {% for input in spec.get('inputs') or [] if input not in inputs %}{% do inputs.append(input) %}{% endfor %}
    {% do return(inputs) %}
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


{#- The nearest double of a decimal: through its text, since engines differ in the last digit otherwise. -#}
{% macro as_double(expression) %}{% do return('cast(cast(' ~ expression ~ ' as ' ~ text_type() ~ ') as ' ~ double_type() ~ ')') %}{% endmacro %}


{#- A quotient rounded to 12 significant digits. -#}
{% macro rounded(expression) %}
    {% do return(
        'case when (' ~ expression ~ ') = 0 then cast(0 as ' ~ double_type() ~ ') else '
        ~ rounded_double(expression, '11 - cast(floor(log10(abs(' ~ expression ~ '))) as integer)') ~ ' end'
    ) %}
{% endmacro %}


{#- The sum of an input, divided where its rows hold multiples; to some decimals. -#}
{% macro divided(sum, spec, input, decimals=14) -%}
    {%- set divisor = (spec.get('divisors') or {}).get(input) -%}
    {{ exact_quotient(sum, divisor, decimals) if divisor else sum }}
{%- endmacro %}


{#- A decimal ÷ a whole number, right to the last of its decimals, 14 or more: the quotient of doubles, and that of what
    it left. -#}
{% macro exact_quotient(dividend, divisor, decimals=14) -%}
    {%- set near = 'cast(cast(' ~ dividend ~ ' as ' ~ double_type() ~ ') / ' ~ divisor ~ ' as decimal(38, 14))' -%}
    ({{ near }} + cast(cast({{ dividend }} - {{ near }} * {{ divisor }} as {{ double_type() }}) / {{ divisor }} as decimal(38, {{ decimals }})))
{%- endmacro %}
