{#- Who owns a row: the joins and labels that all facts share which belong to a rep, or came of a lead or a deal. -#}

{#- The joins by which owner_labels() finds the rep of a row, and what its source system delivers. -#}
{% macro joined_owner(row, key='rep_id', reps='reps') -%}
    left join {{ ref('dim_reps') }} as {{ reps }}
        on {{ row }}.source_system = {{ reps }}.source_system
        and {{ row }}.{{ key }} = {{ reps }}.rep_id
{%- endmacro %}


{% macro joined_deliveries(row) -%}
    left join {{ ref('int_delivered_entities') }} as delivered
        on {{ row }}.source_system = delivered.source_system
{%- endmacro %}


{#- rep_id, rep and team of a row, as joined_owner() and joined_deliveries() find them. -#}
{% macro owner_labels(row, key='rep_id', reps='reps', prefix='') -%}
    {{ row }}.{{ key }},
    {{ label_of_key(row ~ '.' ~ key, reps ~ '.rep', 'delivered.has_reps') }} as {{ prefix }}rep,
    {{ label_of_attribute(row ~ '.' ~ key, reps ~ '.team', reps ~ '.rep_id') }} as {{ prefix }}team
{%- endmacro %}


{#- A row's own channel or campaign, else that of what a key of it points to; (unknown) where it points nowhere. -#}
{% macro own_or_linked(own, key, linked, found) -%}
    case
        when {{ own }} is not null then {{ own }}
        else {{ label_of_attribute(key, linked, found) }}
    end
{%- endmacro %}


{#- Whether a moment, a UTC timestamp, lies before as_of. -#}
{% macro is_before_as_of(moment) %}{{ moment }} < {{ as_of_utc() }}{% endmacro %}


{#- A moment that is known as of as_of: null where it lies at or after it. -#}
{% macro known_at(moment) %}case when {{ is_before_as_of(moment) }} then {{ moment }} end{% endmacro %}


{#- A date that is known as of as_of: null where its day begins at or after it. -#}
{% macro known_on(day) %}case when {{ day }} <= {{ as_of_date() }} then {{ day }} end{% endmacro %}
