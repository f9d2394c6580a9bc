-- One row per day of the calendar, from two years before the first event's year to the end of the
-- year after as_of's, and one day.
with bounds as (
    select
        {{ shifted_months(period_start('year', 'first_event_on'), -24) }} as first_day,
        {{ shifted_months(period_start('year', as_of_date()), 24) }} as last_day
    from {{ ref('first_event') }}
    where first_event_on is not null
),

days as (
    {{ generate_days('(select first_day from bounds)', '(select last_day from bounds)') }}
)

select
    date_day,
    case
        when {{ weekday_number('date_day') }} in (6, 7) then false
        {% for holiday in holidays() -%}
        when date_day = cast('{{ holiday }}' as date) then false
        {% endfor -%}
        else true
    end as is_selling_day,
    cast(coalesce(sum({{ day_parts('date_day') }}) over (
        order by date_day rows between unbounded preceding and 1 preceding
    ), 0) as bigint) as month_parts_before
from days
where date_day is not null
