-- One row per day from 1899 to 2200: every day that a delivered date can have (see parse_value), and those of the
-- periods around them.
{{ config(post_hook="{{ indexed(this, 'date_day') }}") }}
with days as (
    {{ generate_days("cast('1899-01-01' as date)", "cast('2201-01-01' as date)") }}
),

judged as (
    select
        date_day,
        {{ dbt.datediff(day_of_month_start('date_day'), shifted_months(day_of_month_start('date_day'), 1), 'day') }} as days_of_month, -- noqa: LT05
        case
            when {{ weekday_number('date_day') }} in (6, 7) then false
            {% for holiday in holidays() -%}
            when date_day = cast('{{ holiday }}' as date) then false
            {% endfor -%}
            else true
        end as is_selling_day
    from days
)

select
    date_day,
    is_selling_day,
    cast(coalesce(sum(case when is_selling_day then 1 else 0 end) over (
        order by date_day nulls first rows between unbounded preceding and 1 preceding
    ), 0) as bigint) as selling_days_before,
    cast(coalesce(sum({{ parts_of_days(1, 'days_of_month') }}) over (
        order by date_day nulls first rows between unbounded preceding and 1 preceding
    ), 0) as bigint) as month_parts_before
from judged
