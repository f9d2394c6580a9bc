{#- The names that people read in slices: namesakes told apart, missing and unknown values named. -#}

{#- A relation with one more column, `label`: the name; where several rows bear it, with the id, Name (id); where that is
    borne twice too, with the source system, Name (system:id). So each row has a label of its own, also where an id is
    the same in two systems, or where a name is spelled like the label of another row. -#}
{% macro with_label(relation, name, id, label) -%}
    {%- set short = name ~ " || ' (' || " ~ id ~ " || ')'" -%}
    {%- set long = name ~ " || ' (' || source_system || ':' || " ~ id ~ " || ')'" -%}
    (
        select *, {{ told_apart('second_label', long) }} as {{ label }}
        from (
            select *, {{ told_apart('first_label', long) }} as second_label
            from (
                select *, {{ told_apart(name, short) }} as first_label
                from {{ relation }} as named
            ) as once
        ) as twice
    )
{%- endmacro %}


{#- A label, or a longer one where several rows bear it. -#}
{% macro told_apart(label, longer) -%}
    case when count(*) over (partition by {{ label }}) > 1 then {{ longer }} else {{ label }} end
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
