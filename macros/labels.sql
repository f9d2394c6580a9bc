{#- The names that people read in slices: namesakes told apart, missing and unknown values named. -#}

{#- A name; where several rows bear it, with the id. -#}
{% macro name_or_namesake(name, id) -%}
    case when count(*) over (partition by {{ name }}) > 1 then {{ name }} || ' (' || {{ id }} || ')' else {{ name }} end
{%- endmacro %}


{#- What a key points to: its label; (none) without a key; (unknown) where it points nowhere; and the key
    itself where the entity it points into is not delivered. -#}
{% macro label_of_key(key, label, is_delivered) -%}
    case
        when {{ key }} is null then '(none)'
        when {{ label }} is not null then {{ label }}
        when {{ is_delivered }} then '(unknown)'
        else {{ key }}
    end
{%- endmacro %}


{#- An attribute of what a key points to: (none) without a key or a value; (unknown) where it points nowhere.
    `found` is a column of the target that is never null there. -#}
{% macro label_of_attribute(key, attribute, found) -%}
    case
        when {{ key }} is null then '(none)'
        when {{ found }} is null then '(unknown)'
        else coalesce({{ attribute }}, '(none)')
    end
{%- endmacro %}
