{#- Money: exact decimals in the reporting currency. -#}

{#- The type of an amount in the reporting currency: amounts have 4 decimals and rates 10, so none is lost. One amount
    has at most 16 digits before the point, which leaves room for sums. -#}
{% macro money_type() %}decimal(38, 14){% endmacro %}


{#- An amount in the reporting currency. `rates` is the alias of int_exchange_rates as joined_rate() joins it, `rate` its
    column; an amount whose currency has no rate on its day, or that is too large in the reporting currency, stops the
    run. -#}
{% macro converted(amount, currency, rates, day, rate='rate') -%}
    {%- set is_reporting = "coalesce(" ~ currency ~ ", '" ~ setting('reporting_currency') ~ "') = '" ~ setting('reporting_currency') ~ "'" -%}
    {%- set rate_as_double = 'case when ' ~ is_reporting ~ ' then 1 else cast(' ~ rates ~ '.' ~ rate ~ ' as ' ~ double_type() ~ ') end' -%}
    case
        when {{ amount }} is null then cast(null as {{ money_type() }})
        when abs(cast({{ amount }} as {{ double_type() }}) * {{ rate_as_double }}) >= 1e16
            then {{ raise_in_sql(
                "'Too large: ' || cast(" ~ amount ~ " as " ~ text_type() ~ ") || ' ' || coalesce(" ~ currency ~ ", '"
                ~ setting('reporting_currency') ~ "') || ' on ' || cast(" ~ day ~ " as " ~ text_type()
                ~ ") || ' has more than 16 digits in " ~ setting('reporting_currency') ~ " at the rate of ' || cast("
                ~ rate_as_double ~ " as " ~ text_type() ~ ") || '. Check the amount and the rate.'",
                money_type()
            ) }}
        when {{ is_reporting }} then cast({{ amount }} as {{ money_type() }})
        when {{ rates }}.{{ rate }} is not null
            then cast({{ amount }} * {{ rates }}.{{ rate }} as {{ money_type() }})
        else {{ raise_in_sql(
            "'No exchange rate for ' || " ~ currency ~ " || ' on ' || cast(" ~ day ~ " as " ~ text_type() ~ ") || ': deliver it in exchange_rates.'",
            money_type()
        ) }}
    end
{%- endmacro %}


{#- Whether an amount of a currency can be converted. -#}
{% macro has_rate(currency, rates) -%}
    (coalesce({{ currency }}, '{{ setting("reporting_currency") }}') = '{{ setting("reporting_currency") }}' or {{ rates }}.rate is not null)
{%- endmacro %}


{#- The join that finds the rate of a currency on a day. -#}
{% macro joined_rate(alias, currency, day) -%}
    left join {{ ref('int_exchange_rates') }} as {{ alias }}
        on {{ currency }} = {{ alias }}.currency
        and {{ day }} >= {{ alias }}.valid_from
        and ({{ day }} < {{ alias }}.valid_until or {{ alias }}.valid_until is null)
{%- endmacro %}


{#- Whether a rate of a foreign currency holds on some day of [first_day, next_day); next_day may be null. -#}
{% macro holds_within(rates, currency, first_day, next_day) -%}
    {{ currency }} = {{ rates }}.currency
        and {{ currency }} <> '{{ setting("reporting_currency") }}'
        and ({{ rates }}.valid_until > {{ first_day }} or {{ rates }}.valid_until is null)
        and ({{ rates }}.valid_from < {{ next_day }} or {{ next_day }} is null)
{%- endmacro %}


{#- What of a month's target falls on some days of it, in parts of month_parts(): exact. -#}
{% macro spread_target(target, days, days_of_month) -%}
    ({{ target }} * {{ parts_of_days(days, days_of_month) }})
{%- endmacro %}


{#- What of a month's target falls on its first `days` days; all of it on all of them, to the last decimal. -#}
{% macro target_so_far(target, days, days_of_month) -%}
    {{ exact_quotient(spread_target(target, days, days_of_month), month_parts()) }}
{%- endmacro %}
