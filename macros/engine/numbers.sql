{#- Arithmetic that engines spell differently and that the roll-up needs, one macro each. Pure Jinja but for the dispatch,
    which the runner does, too: see engine.sql for all else. -#}

{#- A double rounded to some decimals, which may be fewer than none. -#}
{% macro rounded_double(number, decimals) %}{% do return(adapter.dispatch('rounded_double', 'sales_kpis')(number, decimals)) %}{% endmacro %}

{% macro default__rounded_double(number, decimals) %}{% do return('round(' ~ number ~ ', ' ~ decimals ~ ')') %}{% endmacro %}

{% macro postgres__rounded_double(number, decimals) %}
    {% do return(postgres_function('round') ~ '(' ~ number ~ ', ' ~ decimals ~ ')') %}
{% endmacro %}
