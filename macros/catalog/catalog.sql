{#- The catalog of KPIs, read from the manifest: what a KPI's SQL file and YAML entry say, nothing said twice. -#}

{#- What a slice needs beyond its KPI: the column of the counted rows' entity that leads to its value, or that of the
    entity which it falls back to. A need may name several alternatives, with | between them; one with a ? is met where its
    entity is not delivered, too. -#}
{% macro default_dimension_needs(entity) %}
    {% if entity == 'customers' %}{% do return(dimension_needs_of_customers()) %}{% endif %}
    {% set needs = {
        'rep': [entity ~ '.rep_id'],
        'team': [entity ~ '.rep_id'],
        'region': [entity ~ '.rep_id'],
        'product': [entity ~ '.product_id'],
        'segment': [entity ~ '.account_id'],
        'lost_reason': [entity ~ '.lost_reason'],
    } %}
    {% for column in ['channel', 'campaign'] %}{% do needs.update({column: needs_of_fallback(entity, column)}) %}{% endfor %}
    {% do return(needs) %}
{% endmacro %}


{#- What a column needs that an entity has, or takes from the one that a key of it leads to. -#}
{% macro needs_of_fallback(entity, column) %}
    {% set own = entity ~ '.' ~ column %}
    {% set linked, key = {'deals': ('leads', 'lead_id'), 'orders': ('sessions', 'session_id')}.get(entity, (none, none)) %}
    {% if linked is none %}{% do return([own]) %}{% endif %}
    {% do return([own ~ '|' ~ linked ~ '.' ~ column, own ~ '|' ~ entity ~ '.' ~ key]) %}
{% endmacro %}


{#- What a slice shows of the entity that it comes from: without that column it cannot be cut, where the entity is delivered.
    Where it is not delivered at all, the slice is the id, or (unknown). -#}
{% macro dimension_attributes() %}
    {% do return({'team': 'reps.team?', 'region': 'reps.region?', 'segment': 'accounts.segment?'}) %}
{% endmacro %}


{#- One entry per measure: {kpi_id, measure, position (1 is the primary one), unit, basis, better, healthy_low, …,
    dimensions, rows_from, needs, dimension_needs_of_kpi, dimension_needs}. What a measure leaves out it takes from its KPI;
    its `needs` are added to those of the KPI, its `needs_only` stand instead of them. -#}
{% macro catalog_measures() %}
    {% set entries = [] %}
    {% for node in kpi_nodes() %}
        {% set meta = node.config.meta %}
        {% set described = meta.get('measures') or {} %}
        {% for name, measure in meta.spec.measures.items() %}
            {% set own = described.get(name) or {} %}
            {% set healthy = own.get('healthy', meta.get('healthy') if loop.first else none) or {} %}
            {% do entries.append({
                'kpi_id': node.name,
                'measure': name,
                'position': loop.index,
                'unit': own.get('unit', meta.get('unit')),
                'basis': own.get('basis', meta.get('basis')),
                'better': own.get('better', meta.get('better')),
                'healthy_low': healthy.get('above', healthy.get('low')),
                'low_is_exclusive': 'above' in healthy,
                'healthy_high': healthy.get('below', healthy.get('high')),
                'high_is_exclusive': 'below' in healthy,
                'healthy_grains': healthy.get('grains'),
                'dimensions': measure.get('dimensions', meta.spec.dimensions),
                'rows_from': own.get('rows_from', meta.get('rows_from', 'deals')),
                'needs': stated_needs(own.get('needs_only', meta.get('needs', []) + own.get('needs', []))),
                'dimension_needs_of_kpi': meta.get('dimension_needs') or {},
                'dimension_needs': own.get('dimension_needs', {}),
            }) %}
        {% endfor %}
    {% endfor %}
    {% do return(entries) %}
{% endmacro %}


{#- The charts that a report draws of a KPI, as its YAML names them: `measure by dimension`, `part of whole by
    dimension`, or `first > second > …` for the measures of a funnel. It stops at one that the KPI does not have. -#}
{% macro stated_charts(node) %}
    {% set charts = node.config.meta.get('charts') %}
    {% set measures = node.config.meta.spec.measures %}
    {% for chart in charts or [] %}
        {% set what, dimension = chart.split(' by ') if ' by ' in chart else (chart, none) %}
        {% for name in what.split(' > ' if dimension is none else ' of ') %}
            {% if name not in measures %}
                {% do exceptions.raise_compiler_error(
                    node.name ~ ": the chart '" ~ chart ~ "' names no measure of it. It has: " ~ measures | join(', ')
                ) %}
            {% elif dimension is not none and dimension not in measures[name].get('dimensions', node.config.meta.spec.dimensions) %}
                {% do exceptions.raise_compiler_error(
                    node.name ~ ": the chart '" ~ chart ~ "' is by none of the dimensions of " ~ name ~ '.'
                ) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {% do return(charts) %}
{% endmacro %}


{#- What says when deals were closed, where there are deals: a deal of which nothing does is in no period. -#}
{% macro closings_of_deals() %}{% do return('deals.closed_at?|deal_stage_changes') %}{% endmacro %}


{#- Needs with `customers` replaced by what says who is one, and `closed_deals` by the deals and when they were closed. -#}
{% macro stated_needs(needs) %}
    {% set stated = [] %}
    {% for need in needs %}
        {% if need == 'customers' %}
            {% do stated.extend(needs_of_customers()) %}
        {% elif need == 'closed_deals' %}
            {% do stated.extend(['deals', closings_of_deals()]) %}
        {% else %}
            {% do stated.append(need) %}
        {% endif %}
    {% endfor %}
    {% do return(stated | unique | list) %}
{% endmacro %}


{#- One row per requirement: a KPI's measure needs an entity or a column; a dimension of it may need one more. -#}
{% macro catalog_requirements() %}
    {% set rows = [] %}
    {% for entry in catalog_measures() %}
        {% set default_needs = default_dimension_needs(entry.rows_from) %}
        {% for need in entry.needs %}{% do rows.append([entry.kpi_id, entry.measure, none, need]) %}{% endfor %}
        {% for dimension in entry.dimensions %}
            {% set needs = entry.dimension_needs_of_kpi.get(dimension, default_needs.get(dimension, [])) %}
            {% for need in needs + entry.dimension_needs.get(dimension, []) %}
                {% do rows.append([entry.kpi_id, entry.measure, dimension, need]) %}
            {% endfor %}
            {% if dimension in dimension_attributes() %}
                {% do rows.append([entry.kpi_id, entry.measure, dimension, dimension_attributes()[dimension]]) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {% do return(rows) %}
{% endmacro %}


{#- Requirements as tuples of SQL, one for each alternative of a need: kpi_id, measure, dimension, need, the alternative's
    place, its entity and column, and whether it has a ?. One more has the types, and nulls. -#}
{% macro requirement_tuples(requirements) %}
    {% set null_text = 'cast(null as ' ~ dbt.type_string() ~ ')' %}
    {% set tuples = ['(' ~ ([null_text] * 4 + ['0'] + [null_text] * 2 + ['false']) | join(', ') ~ ')'] %}
    {% set literals = {} %}
    {% for requirement in requirements %}
        {% for alternative in requirement[3].split('|') %}
            {% set entity, _, column = alternative.rstrip('?').partition('.') %}
            {% set written = [] %}
            {% for text in requirement + [entity, column or none] %}
                {% if text not in literals %}{% do literals.update({text: literal(text)}) %}{% endif %}
                {% do written.append(literals[text]) %}
            {% endfor %}
            {% do written.insert(4, loop.index) %}
            {% do tuples.append('(' ~ written | join(', ') ~ ', ' ~ literal(alternative.endswith('?')) ~ ')') %}
        {% endfor %}
    {% endfor %}
    {% do return(tuples) %}
{% endmacro %}


{#- A value as a SQL literal: null, number, boolean, list (comma-separated text) or text. -#}
{% macro literal(value) %}
    {%- if value is none -%}{% do return('null') %}
    {%- elif value is sameas true -%}{% do return('true') %}
    {%- elif value is sameas false -%}{% do return('false') %}
    {%- elif value is number -%}{% do return(value | string) %}
    {%- elif value is string -%}{% do return(text_literal(value)) %}
    {%- else -%}{% do return(text_literal(value | join(','))) %}
    {%- endif -%}
{% endmacro %}


{#- Whether a measure's own healthy range holds for a grain. -#}
{% macro has_default_range(measures, grain) -%}
    ({{ measures }}.healthy_grains is null or ',' || {{ measures }}.healthy_grains || ',' like '%,' || {{ grain }} || ',%')
{%- endmacro %}


{#- The measures of some kinds over the rows themselves, not over subjects of them: a list of (kpi_id, measure). -#}
{% macro measures_of_kinds(kinds) %}
    {% set found = [] %}
    {% for node in (kpi_nodes() if execute else []) %}
        {% set spec = node.config.meta.spec %}
        {% for name, measure in spec.measures.items() %}
            {% for kind in kinds if measure.get(kind) in plain_inputs(spec) %}{% do found.append((node.name, name)) %}{% endfor %}
        {% endfor %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{#- Whether a figure is of one of some measures, (kpi_id, measure) each. -#}
{% macro is_one_of(measures) -%}
    ({% for kpi_id, measure in measures %}(kpi_id = {{ literal(kpi_id) }} and measure = {{ literal(measure) }}) or {% endfor %}1 = 0)
{%- endmacro %}
