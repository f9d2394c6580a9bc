-- Fails with every combination of values that several rows have in these columns; nulls are equal to each other.
{% test unique_combination(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as how_many
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
