{#- Which periods of a KPI have other figures than in the run before: those in whose windows a row has come, gone or changed,
    and those that are themselves other ones, or are compared with other windows (the running ones, as as_of moves on). All
    other figures are what they were, and are taken over. Pure Jinja, like rollup.sql.

    `now` and `before` name the same relations of both runs: rows, periods, windows and unavailable. `columns` are those of
    the rows; `marks` those of periods that figures depend on. -#}
{% macro touched_periods(kpi_id, spec, now, before, columns, marks) -%}
{%- set keys = {'windows': window_names(used_windows(spec))} -%}
{%- set period = period_keys()[1:] -%}
with {% for kind in spec['row_kinds'] -%}
{%- for name, relations in [('now', now), ('before', before)] -%}
{{ kind }}s_{{ name }} as (
    {{ summed_rows_of_kind(kind, relations['rows'], columns, spec) }}
),

{% endfor -%}
changed_{{ kind }}s as (
    {{ differences('select * from ' ~ kind ~ 's_now', 'select * from ' ~ kind ~ 's_before') }}
),

{% endfor -%}
touched as (
    select {{ period | join(', ') }}
    from (
        select {{ (period + marks) | join(', ') }} from {{ now['periods'] }}
        except
        select {{ (period + marks) | join(', ') }} from {{ before['periods'] }}
    ) as other_periods
    union
    select {{ period | join(', ') }}
    from (
        {% for relations in [now, before] -%}
        select time_window, {{ listed(period) }} window_start, window_end, before_at
        from {{ relations['windows'] }} as windows
        where {{ is_window_used('windows', keys) }}
        {{ 'except' if not loop.last }}
        {% endfor -%}
    ) as other_windows
    {% for kind in spec['row_kinds'] -%}
    union
    select windows.grain, windows.period_start, windows.period_end
    from {{ now['windows'] }} as windows
    inner join changed_{{ kind }}s as changed
        on {{ change_meets_window(kind, spec) }}
    where {{ is_window_used('windows', keys) }}
    {% endfor -%}
    union
    select {{ period | join(', ') }}
    from {{ now['periods'] }}
    where exists (
        {{ differences(
            'select measure, dimension from ' ~ now['unavailable'] ~ " where kpi_id = '" ~ kpi_id ~ "'",
            'select measure, dimension from ' ~ before['unavailable'] ~ " where kpi_id = '" ~ kpi_id ~ "'",
        ) }}
    )
)

select {{ period | join(', ') }} from touched
{%- endmacro %}


{#- The rows of one query that the other has not, of both. -#}
{% macro differences(one, other) -%}
    (({{ one }}) except ({{ other }})) union all (({{ other }}) except ({{ one }}))
{%- endmacro %}


{#- The day that every row of a kind has. -#}
{% macro day_of_kind(kind) %}
    {% do return({'event': 'event_on', 'state': 'valid_from_on', 'span': 'held_from_on'}[kind]) %}
{% endmacro %}


{#- The days that rows of a kind are dated by. A state is a step where it begins and one where it ends, as in the roll-up: so
    one that has ended now has changed no day before that. -#}
{% macro days_of_kind(kind, spec) %}
    {% do return({
        'event': ['event_on', 'since_on'] if spec.get('paired') else ['event_on'],
        'state': ['step_on', 'direction'],
        'span': ['held_from_on', 'held_to_on', 'valid_from_on', 'valid_to_on'],
    }[kind]) %}
{% endmacro %}


{#- A row per day, or set of days, that rows of a kind are dated by, with how many there are and a sum of hashes of their
    contents, which is another one where a row is: but for a chance of one in 10^19. -#}
{% macro summed_rows_of_kind(kind, rows, columns, spec) -%}
    {%- set days = days_of_kind(kind, spec) -%}
    {%- if kind == 'state' -%}
    select {{ listed(days) }} count(*) as n_rows, sum(content) as content
    from (
        select valid_from_on as step_on, 1 as direction, {{ content_hash(columns | reject('in', ['valid_to_on', 'valid_to_at']) | list) }} as content
        from {{ rows }}
        where valid_from_on is not null
        union all
        select valid_to_on as step_on, -1 as direction, {{ content_hash(columns) }} as content
        from {{ rows }}
        where valid_from_on is not null and valid_to_on is not null
    ) as steps
    {%- else -%}
    select {{ listed(days) }} count(*) as n_rows, sum({{ content_hash(columns) }}) as content
    from {{ rows }}
    where {{ day_of_kind(kind) }} is not null
    {%- endif %}
    group by {{ days | join(', ') }}
{%- endmacro %}


{#- Whether rows of changed days take part in a window, or did. -#}
{% macro change_meets_window(kind, spec) -%}
    {%- if kind == 'state' -%}
    changed.step_on < windows.window_end
    {%- elif kind == 'span' -%}
    {{ span_holds('changed', 'windows.window_start', 'windows.window_end') }}
    {%- else -%}
    changed.event_on >= windows.window_start
        and changed.event_on < windows.window_end
        {%- if spec.get('paired') %} and {{ is_since_start('changed', 'windows') }}{% endif %}
    {%- endif -%}
{%- endmacro %}


{#- The KPI's figures of the run before, but for the touched periods. -#}
{% macro figures_taken_over(kpi_id, figures, touched, columns) -%}
    select {{ columns | join(', ') }}
    from {{ figures }} as taken_over
    where
        kpi_id = '{{ kpi_id }}'
        and not exists (
            select 1
            from {{ touched }} as touched
            where {{ same_period('touched', 'taken_over') }}
        )
{%- endmacro %}


{#- The rows of a relation by period that are of touched periods. -#}
{% macro of_touched_periods(relation, touched) -%}
    select whole.*
    from {{ relation }} as whole
    inner join {{ touched }} as touched
        on {{ same_period('whole', 'touched') }}
{%- endmacro %}
