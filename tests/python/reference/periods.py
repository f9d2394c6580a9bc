"""Periods: half-open ranges of local days, cut by the grains (kpis.md, Periods, Comparisons)."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from .clock import Clock
from .company import Settings

GRAINS = ("day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year", "custom")
MONTH_AND_COARSER = GRAINS[2:]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "fiscal_quarter": 3, "fiscal_year": 12}


class Period(NamedTuple):
    """`[start, end)` in local days."""

    grain: str
    start: date
    end: date

    def holds(self, day: date) -> bool:
        """Whether a local day lies in the period."""
        return self.start <= day < self.end


def _month(count: int) -> date:
    """The first day of a month that is counted from year 0."""
    return date(count // 12, count % 12 + 1, 1)


def containing(grain: str, day: date, settings: Settings) -> Period:
    """The period of a grain that holds a local day; fiscal ones begin with the fiscal year."""
    if grain == "day":
        return Period(grain, day, day + timedelta(days=1))
    if grain == "week":
        first = _WEEKDAYS.index(settings.week_start.lower())
        start = day - timedelta(days=(day.weekday() - first) % 7)
        return Period(grain, start, start + timedelta(days=7))
    length = _MONTHS[grain]
    origin = settings.fiscal_year_start_month - 1 if grain.startswith("fiscal") else 0
    count = day.year * 12 + day.month - 1
    count -= (count - origin) % length
    return Period(grain, _month(count), _month(count + length))


def is_whole(period: Period, settings: Settings) -> bool:
    """Whether no asked range cuts the period; a custom one is whole by itself."""
    return period.grain == "custom" or period == containing(period.grain, period.start, settings)


def periods(grain: str, first_event: date, clock: Clock, settings: Settings) -> Iterator[Period]:
    """All periods from the first event's on; none starts at or after as_of.

    Where a range is asked for, those that it touches, cut to it (kpis.md, Periods).
    """
    if grain == "custom":
        yield from _custom(clock, settings)
        return
    asked_start, asked_end = settings.asked or (None, None)
    period = containing(grain, asked_start or first_event, settings)
    while clock.visible(clock.midnight(period.start)) and (asked_end is None or period.start < asked_end):
        start = max(period.start, asked_start or period.start)
        if clock.visible(clock.midnight(start)):
            yield Period(grain, start, min(period.end, asked_end or period.end))
        period = containing(grain, period.end, settings)


def _custom(clock: Clock, settings: Settings) -> Iterator[Period]:
    """The asked range, where it is not a period of a grain itself."""
    if settings.asked is None or not clock.visible(clock.midnight(settings.asked[0])):
        return
    start, end = settings.asked
    asked = Period("custom", start, end or clock.last_day + timedelta(days=1))
    if all(containing(grain, start, settings)[1:] != asked[1:] for grain in GRAINS[:-1]):
        yield asked


def set_beside(asked: Collection[Period], first_event: date, clock: Clock, settings: Settings) -> set[Period]:
    """What the complete ones among asked periods are compared with, unless it is asked for, too.

    Nothing is compared with a time in which nothing had happened yet. Where no range is asked for, all periods are.
    """
    if settings.asked is None:
        return set()
    complete = [period for period in asked if is_complete(period, clock, settings)]
    others = {other for period in complete for other in (previous(period, settings), year_earlier(period, settings))}
    return {other for other in others if other.end > first_event} - set(asked)


def has_ended(period: Period, clock: Clock) -> bool:
    """Whether the period's last day is over by as_of."""
    return clock.midnight(period.end) <= clock.as_of


def is_complete(period: Period, clock: Clock, settings: Settings) -> bool:
    """kpis.md, Periods: `period_end <= as_of`, and not cut by the asked range."""
    return is_whole(period, settings) and has_ended(period, clock)


def is_provisional(period: Period, clock: Clock, settings: Settings) -> bool:
    """kpis.md, Basis: until `cohort_window_days` have passed since the period's end."""
    return period.end + timedelta(days=settings.cohort_window_days) > clock.day(clock.as_of)


def boundary(period: Period, clock: Clock) -> datetime:
    """Where a state is taken: at the period's end, at as_of in a running one (kpis.md, Basis)."""
    return min(clock.midnight(period.end), clock.as_of)


def previous(period: Period, settings: Settings) -> Period:
    """The period before (kpis.md, Comparisons); of a cut one the same part of it (decision 5).

    The part lies as many days after the other's start, ends with it where the period's own end is
    not cut, and is at least a day.
    """
    if period.grain == "custom":
        return Period("custom", period.start - (period.end - period.start), period.start)
    whole = containing(period.grain, period.start, settings)
    before = containing(period.grain, whole.start - timedelta(days=1), settings)
    start = min(before.start + (period.start - whole.start), before.end - timedelta(days=1))
    end = before.end if period.end == whole.end else min(before.start + (period.end - whole.start), before.end)
    return Period(period.grain, start, max(end, start + timedelta(days=1)))


def _year_before(day: date) -> date:
    """The same date a year earlier; 28 February for 29 February (kpis.md, Rulings, 32)."""
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap_day else day.day)


def year_earlier(period: Period, settings: Settings) -> Period:
    """The same dates a year earlier, weeks 52 weeks earlier (kpis.md, Comparisons).

    A period that ends with its month ends with it there too, whatever length February has.
    """
    if period.grain == "week":
        back = timedelta(weeks=52)
        return Period("week", period.start - back, period.end - back)
    start = _year_before(period.start)
    if period.grain == "day":
        return Period("day", start, start + timedelta(days=1))
    if period.grain != "custom" and period.end == containing(period.grain, period.start, settings).end:
        return Period(period.grain, start, _year_before(period.end))
    last_day = _year_before(period.end - timedelta(days=1))
    return Period(period.grain, start, last_day + timedelta(days=1))


def cut_of(period: Period, other: Period, clock: Clock) -> datetime:
    """Up to which wall-clock time `other` is compared with `period` (kpis.md, Comparisons).

    A period that has ended meets the whole other one; a running one the same elapsed time from
    the other's start, never past its end.
    """
    end = datetime.combine(other.end, time())
    if has_ended(period, clock):
        return end
    elapsed = clock.wall(clock.as_of) - datetime.combine(period.start, time())
    return min(datetime.combine(other.start, time()) + elapsed, end)
