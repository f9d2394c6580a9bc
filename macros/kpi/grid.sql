{#- The grid: which figures are built ahead. What is not in it is rolled up from the rows when it is asked for, and is the
    same figure. The settings `grid` and `grid_of_kpis` say it by grain, with one of
      all         the total and every slice (what a grain that is not named has)
      totals      the total alone
      [team, …]   the total and the slices of some dimensions
      none        nothing
    and here it is a mapping: grain → the dimensions that are built beside the total; a grain without an entry is not
    built. Pure Jinja but for the settings, which kpi.sql hands in. -#}

{% macro grid_of(dimensions, grains, choices) %}
    {% set grid = {} %}
    {% for grain in grains if choices.get(grain, 'all') != 'none' %}
        {% set choice = choices.get(grain, 'all') %}
        {% if choice == 'all' %}
            {% set built = dimensions %}
        {% elif choice == 'totals' %}
            {% set built = [] %}
        {% else %}
            {% set built = dimensions | select('in', choice) | list %}
        {% endif %}
        {% do grid.update({grain: built}) %}
    {% endfor %}
    {% do return(grid) %}
{% endmacro %}


{#- The grid in parts: grains that are built in the same slices, which are rolled up together. Without a grid it is one
    part, of all grains. `slices` of a part are numbers: places in the given slices. -#}
{% macro grid_parts(slices, grid) %}
    {% set parts = [] %}
    {% if grid is none %}
        {% do parts.append({'number': 1, 'grains': none, 'slices': range(slices | length) | list}) %}
    {% else %}
        {% for grain, dimensions in grid.items() %}
            {% set numbers = [] %}
            {% for dims_of_slice in slices if not (dims_of_slice | reject('in', dimensions) | list) %}
                {% do numbers.append(slices.index(dims_of_slice)) %}
            {% endfor %}
            {% set alike = parts | selectattr('slices', 'equalto', numbers) | list %}
            {% if alike %}
                {% do alike[0]['grains'].append(grain) %}
            {% else %}
                {% do parts.append({'number': parts | length + 1, 'grains': [grain], 'slices': numbers}) %}
            {% endif %}
        {% endfor %}
        {% if not parts %}{% do parts.append({'number': 1, 'grains': [], 'slices': [0]}) %}{% endif %}
    {% endif %}
    {% do return(parts) %}
{% endmacro %}


{#- Whether a grain is one of those that a part of the grid, or a grid, is of; an SQL condition. None stands for all. -#}
{% macro is_among(grain, grains) -%}
    {%- if grains is none -%}
    1 = 1
    {%- elif grains -%}
    {{ grain }} in ('{{ grains | join("', '") }}')
    {%- else -%}
    1 = 0
    {%- endif -%}
{%- endmacro %}
