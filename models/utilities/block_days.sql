-- One row per day with its block: days that no window tells apart but those of single days, and the 12 monthly steps back
-- from any of them. Events are added up by block before the blocks are added up to windows.
with windows as (
    select
        window_start,
        window_end,
        before_at
    from {{ ref('compared_periods') }}
    where grain <> 'day' and time_window in ('own', 'previous', 'year')
)

{{ blocks_of_days('windows', ref('calendar_days')) }}
