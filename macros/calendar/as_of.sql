{#- The instant that figures are computed as of, and the calendar's settings, as SQL literals. -#}

{#- as_of as a naive datetime: in UTC, or in the reporting zone. A bare date is the end of that day. -#}
{% macro as_of_datetime(zone) %}
    {% set tz = modules.pytz.timezone(setting('timezone')) %}
    {% set given = var('as_of') %}
    {% if given is none %}
        {% set instant = run_started_at %}
    {% elif modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', given | string) %}
        {% set next_day = parse_setting_date('as_of', given) + modules.datetime.timedelta(days=1) %}
        {% if zone == 'local' %}{% do return(next_day) %}{% endif %}
        {#- A midnight that the clock passes twice is the first; one that it skips is when it went on. -#}
        {% set instant = tz.localize(next_day, is_dst=true) %}
        {% if tz.normalize(instant).date() < next_day.date() %}
            {% set instant = tz.localize(next_day, is_dst=false) %}
        {% endif %}
    {% elif modules.re.match(
        '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$', given | string
    ) %}
        {% set parsed = parse_setting_timestamp('as_of', given | string) %}
        {% set instant = parsed if parsed.tzinfo else modules.pytz.utc.localize(parsed) %}
    {% else %}
        {% do exceptions.raise_compiler_error(
            "as_of: '" ~ given ~ "' is neither a date (2026-06-30) nor an ISO 8601 timestamp (2026-06-30T18:00:00Z)."
        ) %}
    {% endif %}
    {% set target = tz if zone == 'local' else modules.pytz.utc %}
    {% do return(instant.astimezone(target).replace(tzinfo=none)) %}
{% endmacro %}


{#- as_of as a UTC timestamp literal: visible is what happened strictly before it. -#}
{% macro as_of_utc() %}
    {%- do return("cast('" ~ as_of_datetime('utc').strftime('%Y-%m-%d %H:%M:%S.%f') ~ "' as timestamp)") -%}
{% endmacro %}


{#- as_of as a wall-clock timestamp literal of the reporting zone. -#}
{% macro as_of_local() %}
    {%- do return("cast('" ~ as_of_datetime('local').strftime('%Y-%m-%d %H:%M:%S.%f') ~ "' as timestamp)") -%}
{% endmacro %}


{#- The local date on which the last moment before as_of lies, as a date literal. -#}
{% macro as_of_date() %}
    {%- set moment = as_of_datetime('local') - modules.datetime.timedelta(microseconds=1) -%}
    {%- do return("cast('" ~ moment.strftime('%Y-%m-%d') ~ "' as date)") -%}
{% endmacro %}


{#- The local date of a UTC timestamp expression. -#}
{% macro local_date(utc_timestamp) %}cast({{ to_local(utc_timestamp) }} as date){% endmacro %}


{#- The days from one date to another, 0 where they run backwards. -#}
{% macro days_between(first_day, last_day) -%}
    cast(greatest({{ dbt.datediff(first_day, last_day, 'day') }}, 0) as bigint)
{%- endmacro %}


{#- The hours from one moment to another, 0 where they run backwards. -#}
{% macro hours_between(first, last) -%}
    cast(cast(greatest({{ dbt.datediff(first, last, 'microsecond') }}, 0) as {{ double_type() }}) / 3600000000 as decimal(38, 20))
{%- endmacro %}


{#- A moment some hours later. -#}
{% macro shifted_hours(moment, hours) %}cast({{ dbt.dateadd('hour', hours | int, moment) }} as timestamp){% endmacro %}


{#- A day as a number: the days from 1970-01-01 to it. -#}
{% macro day_number(day) %}{{ dbt.datediff("cast('1970-01-01' as date)", day, 'day') }}{% endmacro %}


{#- The day after a period's last one; in a running period the day after that of as_of. -#}
{% macro day_after_last(period_end) %}
    {%- do return('cast(least(' ~ period_end ~ ', ' ~ shifted_days(as_of_date(), 1) ~ ') as date)') -%}
{% endmacro %}


{% macro weekday_numbers() %}
    {% do return({'monday': 1, 'tuesday': 2, 'wednesday': 3, 'thursday': 4, 'friday': 5, 'saturday': 6, 'sunday': 7}) %}
{% endmacro %}


{#- The holidays as a list of texts. -#}
{% macro holidays() %}{% do return(holidays_of(setting('holidays'))) %}{% endmacro %}


{#- Holidays as they are set, as a list of texts; one text may hold several, separated by commas. -#}
{% macro holidays_of(given) %}
    {% set listed = given.split(',') if given and given is string else given or [] %}
    {% do return(listed | map('string') | map('trim') | list) %}
{% endmacro %}


{#- A setting as a datetime; stops with a message naming the setting where it is no date that a calendar day can be. -#}
{% macro parse_setting_date(name, value) %}
    {% set text = value | string %}
    {% if not modules.re.match('^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$', text)
        or (text[8:] | int) > days_of_month(text[:4] | int, text[5:7] | int) %}
        {% do exceptions.raise_compiler_error(name ~ ": '" ~ text ~ "' is not a date (YYYY-MM-DD) of the years 1900 to 2199.") %}
    {% endif %}
    {% do return(modules.datetime.datetime.strptime(text, '%Y-%m-%d')) %}
{% endmacro %}


{#- A setting as a datetime with time; the caller has checked its shape. -#}
{% macro parse_setting_timestamp(name, text) %}
    {% do parse_setting_date(name, text[:10]) %}
    {% if (text[11:13] | int) > 23 or (text[14:16] | int) > 59 %}
        {% do exceptions.raise_compiler_error(name ~ ": '" ~ text ~ "' is not a time of the day.") %}
    {% endif %}
    {% do return(modules.datetime.datetime.fromisoformat(text)) %}
{% endmacro %}


{#- A date var as a SQL literal, null where it is not set. -#}
{% macro setting_date(name) %}
    {%- do return("cast(" ~ literal(setting(name) | string if setting(name) is not none else none) ~ " as date)") -%}
{% endmacro %}


{#- How many days a month has. -#}
{% macro days_of_month(year, month) %}
    {% set leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) %}
    {% do return([31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]) %}
{% endmacro %}


{#- The moment from which a plan is known: one before all others, since a plan holds for the whole of a running period. -#}
{% macro known_all_along() %}cast('1900-01-01' as timestamp){% endmacro %}
