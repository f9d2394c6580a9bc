{#- A KPI model: {% raw %}{% call kpi(measures={…}, dimensions=[…]) %} select … {% endcall %}{% endraw %}. The call's
    body selects the KPI's rows; rollup.sql says what measures and rows are made of. Its output is that of kpi_values.

    Columns that the rows must have: those of the dimensions and inputs; the local dates that their kind asks for, namely
    event_on (with event_local_at, the local time, where a formula compares with another period), valid_from_on and
    valid_to_on, held_from_on and held_to_on; and the keys by which a person finds the row, whose names end in _id or _key:
    with the dimensions they say which rows are about one thing (see drill.sql).
    A comparison with a running period looks at an earlier moment. So that it can be told what was known then, there are
    the UTC times that belong to these dates, null where only the day is known: known_at of event_on (from when on the row
    counts), valid_from_at and valid_to_at; and, as arguments:
      outcomes   input → SQL for it over the rows' columns and {as_of}, or {as_of_day}, the local day in which
                 it lies: inputs that are worked out from what has come by then, instead of standing in the body
      undated    dimensions whose values depend on what has come since, and not known by when -#}
{% macro kpi(
    measures, dimensions, row_kinds=['event'], grains=none, paired=false, subjects=none, inputs=none, divisors=none,
    outcomes=none, undated=none
) %}
    {%- set spec = {
        'measures': measures, 'dimensions': dimensions, 'row_kinds': row_kinds, 'grains': grains,
        'paired': paired, 'subjects': subjects, 'inputs': inputs, 'divisors': divisors,
        'outcomes': outcomes, 'undated': undated,
    } -%}
    {{- config(materialized='kpi', meta={'spec': spec}) -}}
    {%- set slices = [[]] -%}
    {%- for dimension in dimensions %}{% do slices.append([dimension]) %}{% endfor -%}
-- depends_on: {{ ref('unavailable_measures') }}
with kpi_rows as {{ worked_out_anew() }}(
    {{ rows_begin() }}
    {% if outcomes -%}
    select
        body.*,
        {{ outcome_columns(outcomes, as_of_utc(), 'cast(' ~ as_of_local() ~ ' as date)') }}
    from (
        {{ caller() }}
    ) as body
    {%- else -%}
    {{ caller() }}
    {%- endif %}
    {{ rows_end() }}
),
{{ rollup(spec, slices, {
    'rows': 'kpi_rows', 'periods': ref('periods'), 'windows': ref('compared_periods'),
    'window_days': ref('window_days'), 'block_days': ref('block_days'),
}, grid_of_kpi(model.name, spec)) }}

select
    cast('{{ model.name }}' as {{ dbt.type_string() }}) as kpi_id,
    cast(measure as {{ dbt.type_string() }}) as measure,
    cast(grain as {{ dbt.type_string() }}) as grain,
    period_start,
    period_end,
    cast(case slice{% for slice in slices %} when {{ loop.index0 }} then '{{ slice[0] if slice else 'total' }}'{% endfor %} end as {{ dbt.type_string() }}) as dimension,
    cast({{ "case slice when 0 then 'total' else dim_1 end" if dimensions else "'total'" }} as {{ dbt.type_string() }}) as dimension_value,
    numerator,
    denominator,
    value,
    row_count,
    is_complete,
    is_provisional
from measured
{% endmacro %}


{#- What marks off the rows in a KPI's compiled SQL, for the materialization to keep them as a table. -#}
{% macro rows_begin() %}/* rows of the KPI begin */{% endmacro %}
{% macro rows_end() %}/* rows of the KPI end */{% endmacro %}


{#- The columns of kpi_values with their types: what every KPI model returns. -#}
{% macro figure_columns() %}
    {% do return({
        'kpi_id': dbt.type_string(),
        'measure': dbt.type_string(),
        'grain': dbt.type_string(),
        'period_start': 'date',
        'period_end': 'date',
        'dimension': dbt.type_string(),
        'dimension_value': dbt.type_string(),
        'numerator': 'decimal(38, 14)',
        'denominator': 'decimal(38, 14)',
        'value': double_type(),
        'row_count': 'bigint',
        'is_complete': 'boolean',
        'is_provisional': 'boolean',
    }) %}
{% endmacro %}
