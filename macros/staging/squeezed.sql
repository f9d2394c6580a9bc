{#- A text without its spaces: how look-up names are matched that one file spells with and another without. -#}
{% macro squeezed(text) %}replace({{ text }}, ' ', ''){% endmacro %}
