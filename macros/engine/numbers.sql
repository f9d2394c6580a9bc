{#- Types and arithmetic that engines spell differently and that the roll-up needs, one macro each. Pure Jinja
    but for the dispatch, which the runner does, too: see engine.sql for all else. -#}

{#- The type of a text of any length. -#}
{% macro text_type() %}{% do return(adapter.dispatch('text_type', 'sales_kpis')()) %}{% endmacro %}

{% macro default__text_type() %}{% do return('varchar') %}{% endmacro %}

{% macro spark__text_type() %}{% do return('string') %}{% endmacro %}


{#- The type of a number of double precision. -#}
{% macro double_type() %}{% do return(adapter.dispatch('double_type', 'sales_kpis')()) %}{% endmacro %}

{% macro default__double_type() %}{% do return('double precision') %}{% endmacro %}

{% macro spark__double_type() %}{% do return('double') %}{% endmacro %}


{#- A double rounded to some decimals, which may be fewer than none. -#}
{% macro rounded_double(number, decimals) %}{% do return(adapter.dispatch('rounded_double', 'sales_kpis')(number, decimals)) %}{% endmacro %}

{% macro default__rounded_double(number, decimals) %}{% do return('round(' ~ number ~ ', ' ~ decimals ~ ')') %}{% endmacro %}

{% macro postgres__rounded_double(number, decimals) %}
    {% do return(postgres_function('round') ~ '(' ~ number ~ ', ' ~ decimals ~ ')') %}
{% endmacro %}

{#- Its own takes nothing but a constant for how many decimals there are. -#}
{% macro spark__rounded_double(number, decimals) %}
    {% set power = 'power(cast(10 as double), ' ~ decimals ~ ')' %}
    {% do return('round((' ~ number ~ ') * ' ~ power ~ ') / ' ~ power) %}
{% endmacro %}


{#- What marks off a CTE that an engine makes a table of before it works out the rest (see steps_of_rollup in engine.sql), where
    it is of the kind of which it does so: a `step` is read several times by the parts after it; a `pass` holds so much in
    memory that there had better be none beside it. -#}
{% macro mark_begins(kind) %}{% do return('/* ' ~ kind ~ ' begins */' if kind == kind_made_first() else '') %}{% endmacro %}

{% macro mark_ends(kind) %}{% do return('/* ' ~ kind ~ ' ends */' if kind == kind_made_first() else '') %}{% endmacro %}

{% macro kind_made_first() %}{% do return(adapter.dispatch('kind_made_first', 'sales_kpis')()) %}{% endmacro %}

{#- None. -#}
{% macro default__kind_made_first() %}{% do return('') %}{% endmacro %}

{#- It works on all parts of a query at once, and lets none go before the last is done: of 50 million sessions, the visitors
    of each slice and grain took 46 GB together. -#}
{% macro duckdb__kind_made_first() %}{% do return('pass') %}{% endmacro %}

{#- It works a CTE out wherever one is read, so that plans grow to thousands of nodes. -#}
{% macro spark__kind_made_first() %}{% do return('step') %}{% endmacro %}


{#- What stands after the `as` of a clause of `with` that each of its readers had better work out for itself, of the columns
    that it needs: DuckDB keeps all of it in memory, where there are several. -#}
{% macro worked_out_anew() %}{% do return(adapter.dispatch('worked_out_anew', 'sales_kpis')()) %}{% endmacro %}

{% macro default__worked_out_anew() %}{% do return('') %}{% endmacro %}

{% macro duckdb__worked_out_anew() %}{% do return('not materialized ') %}{% endmacro %}


{#- A whole number of 64 bits that stands for what the columns of a row hold, of which sums can be compared. Engines put the
    hashes of columns together by arithmetic that a sum sees through: of two rows that exchange a column it may stay the same.
    So what they give is hashed once more. -#}
{% macro content_hash(columns) %}{% do return(adapter.dispatch('content_hash', 'sales_kpis')(columns)) %}{% endmacro %}

{% macro default__content_hash(columns) %}{% do return('hash(hash(' ~ columns | join(', ') ~ '))') %}{% endmacro %}

{% macro postgres__content_hash(columns) %}
    {% do return('hashint8extended(hash_record_extended(row(' ~ columns | join(', ') ~ '), 0), 0)') %}
{% endmacro %}
