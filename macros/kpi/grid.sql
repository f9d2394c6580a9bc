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


{#- Whether a slice, by its number, is built of a grain: an SQL condition. Without a grid every one is. -#}
{% macro is_in_grid(grid, slices, grain, slice) -%}
    {%- set conditions = [] -%}
    {%- if grid is not none -%}
        {%- do conditions.append(grain ~ " in ('" ~ grid.keys() | join("', '") ~ "')" if grid else '1 = 0') -%}
        {%- for name, dimensions in grid.items() -%}
            {%- set numbers = [] -%}
            {%- for dims_of_slice in slices if not (dims_of_slice | reject('in', dimensions) | list) -%}
                {%- do numbers.append(slices.index(dims_of_slice)) -%}
            {%- endfor -%}
            {%- if numbers | length < slices | length -%}
                {%- do conditions.append('(' ~ grain ~ " <> '" ~ name ~ "' or " ~ slice ~ ' in (' ~ numbers | join(', ') ~ '))') -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ conditions | join(' and ') or '1 = 1' }}
{%- endmacro %}
