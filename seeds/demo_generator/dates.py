"""The demo's calendar: its period, its season, and working hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from .draws import Draws

PERIOD_START = date(2024, 7, 1)
PERIOD_END = date(2026, 6, 30)
AS_OF = datetime(2026, 7, 1)
"""The first instant after the demo: nothing that happened at or after it is in the data."""
HISTORY_START = date(2023, 7, 1)
"""The year before the period, of which the former CRM left its closed deals, but not their way through the stages."""
SIMULATION_START = date(2023, 3, 1)
"""Deals are created from here on, so that as many close at HISTORY_START as later."""

MONTHS_PER_YEAR = 12
DAYS_PER_YEAR = 365
WEEKEND_CHANCE = 0.03
OFF_HOURS_CHANCE = 0.04
DAY_STARTS, DAY_ENDS = 8, 18
EVENING_ENDS = 21
SATURDAY = 5
MINUTES_PER_HOUR = 60
MORNING_MINUTES = 150
WEB_AT_WORK_CHANCE = 0.72
WEB_DAY_STARTS, WEB_DAY_ENDS = 6, 24

AUGUST, NOVEMBER, DECEMBER, JANUARY = 8, 11, 12, 1
AUGUST_POSTPONED = 0.35
NOVEMBER_POSTPONED = 0.20
"""Customers spend what is left of the year's budget in December."""
JANUARY_PULLED = 0.58
JANUARY_PULL_DAYS = 26
QUARTER_START_PULLED = 0.40
QUARTER_START_DAYS = 14
QUARTER_END_PUSHED = 0.45
QUARTER_RUSH_DAYS = 11
CLEARED_CHANCE, YEAR_CLEARED_CHANCE = 0.35, 0.70
CLEARED_DAYS, YEAR_CLEARED_DAYS = 20, 50
"""Before a quarter is reported, and more so before a year is, reps give up what would soon be lost anyway."""


def add_months(day: date, months: int) -> date:
    """Return the first of the month that lies ``months`` after ``day``'s."""
    index = day.year * MONTHS_PER_YEAR + day.month - 1 + months
    return date(index // MONTHS_PER_YEAR, index % MONTHS_PER_YEAR + 1, 1)


def months_between(first: date, last: date) -> Iterator[date]:
    """Yield the first day of every month from ``first``'s to ``last``'s."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = add_months(month, 1)


def month_end(day: date) -> date:
    """Return the last day of ``day``'s month."""
    return add_months(day, 1) - timedelta(days=1)


def quarter_end(day: date) -> date:
    """Return the last day of ``day``'s calendar quarter."""
    return month_end(add_months(day, 2 - (day.month - 1) % 3))


def working_day(draws: Draws, day: date) -> date:
    """Move a weekend day to a neighbouring weekday, except for the odd weekend worker."""
    if day.weekday() < SATURDAY or draws.chance(WEEKEND_CHANCE):
        return day
    back = day - timedelta(days=day.weekday() - SATURDAY + 1)
    return back if back.month == day.month else day + timedelta(days=7 - day.weekday())


def at_work(draws: Draws, day: date) -> datetime:
    """Return an instant on ``day``, mostly within business hours."""
    late = draws.chance(OFF_HOURS_CHANCE)
    low, high = (DAY_ENDS, EVENING_ENDS) if late else (DAY_STARTS, DAY_ENDS)
    minute = draws.whole(low * MINUTES_PER_HOUR, high * MINUTES_PER_HOUR - 1)
    return datetime.combine(day, time(minute // MINUTES_PER_HOUR, minute % MINUTES_PER_HOUR))


def any_hour(draws: Draws, day: date) -> datetime:
    """Return an instant on ``day`` at which somebody uses the web: by day mostly, but not only."""
    if draws.chance(WEB_AT_WORK_CHANCE):
        return at_work(draws, day)
    minute = draws.whole(WEB_DAY_STARTS * MINUTES_PER_HOUR, WEB_DAY_ENDS * MINUTES_PER_HOUR - 1)
    return datetime.combine(day, time(minute // MINUTES_PER_HOUR, minute % MINUTES_PER_HOUR))


def business_time(draws: Draws, when: datetime) -> datetime:
    """Return ``when`` if somebody is at work then, else a time soon after the next working day began."""
    day = when.date()
    if day.weekday() < SATURDAY and DAY_STARTS <= when.hour < DAY_ENDS:
        return when
    if when.hour >= DAY_STARTS:
        day += timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, time(DAY_STARTS)) + timedelta(minutes=draws.whole(0, MORNING_MINUTES))


def rush_day(draws: Draws, quarter_last: date) -> date:
    """Return a day in the rush before the quarter's end."""
    return quarter_last - timedelta(days=draws.whole(0, QUARTER_RUSH_DAYS))


def clearing_day(draws: Draws, day: date, earliest: date) -> date:
    """Bend the day of a loss to the season: many deals are given up at a quarter's end."""
    first_of_quarter = add_months(day, -((day.month - 1) % 3))
    is_year = first_of_quarter.month == JANUARY
    cleared = rush_day(draws, first_of_quarter - timedelta(days=1))
    window = YEAR_CLEARED_DAYS if is_year else CLEARED_DAYS
    is_near = (day - first_of_quarter).days < window and cleared >= earliest
    return cleared if is_near and draws.chance(YEAR_CLEARED_CHANCE if is_year else CLEARED_CHANCE) else day


def seasonal_close(draws: Draws, day: date, earliest: date) -> date:
    """Bend the day of a win to the season: few in August, many at a quarter's end."""
    postponed = {AUGUST: AUGUST_POSTPONED, NOVEMBER: NOVEMBER_POSTPONED}
    if draws.chance(postponed.get(day.month, 0.0)):
        return rush_day(draws, quarter_end(day))
    first_of_quarter = add_months(day, -((day.month - 1) % 3))
    into = (day - first_of_quarter).days
    january = day.month == JANUARY
    window = JANUARY_PULL_DAYS if january else QUARTER_START_DAYS
    pulled = rush_day(draws, first_of_quarter - timedelta(days=1))
    can_pull = into < window and pulled >= earliest
    if can_pull and draws.chance(JANUARY_PULLED if january else QUARTER_START_PULLED):
        return pulled
    if day.month % 3 == 0 and draws.chance(QUARTER_END_PUSHED):
        return max(day, rush_day(draws, quarter_end(day)))
    return day
