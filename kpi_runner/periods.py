"""Periods: what `--period` means, the grain periods inside it, and what they are compared with.

All dates are local dates in the reporting time zone, and every range is half-open: `start` is its
first day, `end` the day after its last.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from kpi_runner.errors import DataError, UsageError

# Finest first: of several grains that a range fits, it takes the first.
GRAINS = ("day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year")
FORMS = (
    "2026-09-14, 2026-W37, 2026-09, 2026-Q3, 2026, FY2026, FY2026-Q2, 2026-01-15..2026-02-14, "
    "last-week, last-month, last-quarter, last-year, last-90-days, mtd, qtd, ytd or all"
)
#: The years that a delivered date may lie in.
FIRST_YEAR, LAST_YEAR = 1900, 2199

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_WEEKS_A_YEAR = timedelta(weeks=52)
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "fiscal_quarter": 3, "fiscal_year": 12}
_TO_DATE = {"mtd": "month", "qtd": "quarter", "ytd": "year"}


@dataclass(frozen=True)
class Calendar:
    """How periods are cut.

    `as_of_local` is the exclusive as-of instant as local wall-clock time without a zone (of a bare
    date: the next midnight, see end_of_day). `week_start` is an ISO weekday, 1 Monday to 7 Sunday.
    `first_event_on` is the local day of the first event, None where there is none.
    Raises UsageError for a `week_start` or `fiscal_year_start_month` that does not exist.
    """

    as_of_local: datetime
    week_start: int = 1
    fiscal_year_start_month: int = 1
    first_event_on: date | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.week_start <= 7:
            raise UsageError(f"week_start is {self.week_start}; give 1 (Monday) to 7 (Sunday)")
        if not 1 <= self.fiscal_year_start_month <= 12:
            raise UsageError(f"fiscal_year_start_month is {self.fiscal_year_start_month}; give 1 to 12")

    @property
    def last_day(self) -> date:
        """The last day that begins before as_of: it runs, or it ends exactly at as_of."""
        return (self.as_of_local - timedelta(microseconds=1)).date()

    @property
    def complete_until(self) -> date:
        """The end (exclusive) of the last complete day."""
        return self.as_of_local.date()


@dataclass(frozen=True)
class Period:
    """A period asked for: `[start, end)`, with its own grain or `custom`.

    `open_start` and `open_end` say that the range ends there only because there is nothing more,
    before the first event or after as_of: the grain periods at that side are not clipped.
    """

    grain: str
    start: date
    end: date
    open_start: bool = False
    open_end: bool = False

    @property
    def bounds(self) -> tuple[date | None, date | None]:
        """Start and end, none at an open side."""
        return None if self.open_start else self.start, None if self.open_end else self.end


@dataclass(frozen=True)
class Slot:
    """One grain period `[start, end)` of an answer; `clipped` where the asked range cuts it."""

    start: date
    end: date
    clipped: bool = False


def end_of_day(day: date) -> datetime:
    """The exclusive as-of instant that a bare date means: the midnight after it."""
    return datetime.combine(day + _DAY, time())


# --- The text of a period


def parse_period(text: str, calendar: Calendar) -> Period:
    """The period that `text` of `--period` means; upper and lower case are the same.

    - `2026-09-14`, `2026-09`, `2026-Q3`, `2026`, `FY2026`, `FY2026-Q2`: that period. FY*n* ends in
      calendar year *n*; where the fiscal year starts in January, it is calendar year *n*.
    - `2026-W37`: the ISO week. With another `week_start` than Monday, it is the week, by that
      start, which contains the Thursday of the ISO week of this number.
    - `2026-01-15..2026-02-14`: both days included.
    - `last-week`, `last-month`, `last-quarter`, `last-year`: the last one complete by as_of.
    - `last-90-days`: the last complete local days. As of midnight they end there; at any other
      time they end where the running day starts, since part of a day is not a day.
    - `mtd`, `qtd`, `ytd`: from the start of the month, quarter or year in which the last moment
      before as_of lies, up to as_of. The range ends after the day that as_of cuts; by grain, its
      last period is the running one, which is incomplete and not clipped.
    - `all`: from the day of the first event, ending like `mtd`; its grain is always `custom`.

    A range that is exactly a period of a grain takes that grain, the finest first; else it is
    `custom`. Raises UsageError for any other text, for days, weeks and years that do not exist,
    and for a period that starts at or after as_of; DataError for `all` without a first event.
    """
    wanted = text.strip().lower()
    try:
        period = _parsed(wanted, calendar)
    except _NotAPeriod as error:
        raise UsageError(f"--period {text!r}: {error}. It takes {FORMS}.") from None
    except (ValueError, OverflowError):
        raise UsageError(
            f"--period {text!r}: it lies outside the years {FIRST_YEAR} to {LAST_YEAR}. It takes {FORMS}."
        ) from None
    if datetime.combine(period.start, time()) >= calendar.as_of_local:
        raise UsageError(
            f"--period {text!r} starts on {period.start}, which is not before the as-of "
            f"({calendar.as_of_local:%Y-%m-%d %H:%M}, exclusive): nothing has happened in it yet. "
            "Give an earlier period, or a later as-of to kpi run --as-of."
        )
    return period


class _NotAPeriod(Exception):
    """Says why a text is no period."""


def _parsed(text: str, calendar: Calendar) -> Period:
    if text == "all":
        return _everything(calendar)
    if text in _TO_DATE:
        start = grain_start(calendar.last_day, _TO_DATE[text], calendar)
        return _ranged(start, calendar.last_day + _DAY, calendar, open_end=True)
    for pattern, read in _FORMS_READ:
        match = re.fullmatch(pattern, text)
        if match:
            return read(match, calendar)
    raise _NotAPeriod("this is not a period")


def _everything(calendar: Calendar) -> Period:
    if calendar.first_event_on is None:
        raise DataError(
            "--period all: no event has a date, so there is no first day to start from. "
            "Load data with kpi run, or name the period."
        )
    end = calendar.last_day + _DAY
    return Period("custom", calendar.first_event_on, end, open_start=True, open_end=True)


def _ranged(start: date, end: date, calendar: Calendar, *, open_end: bool = False) -> Period:
    """A range, with the finest grain that it is exactly a period of."""
    for grain in GRAINS:
        if grain_start(start, grain, calendar) == start and next_start(start, grain) == end:
            return Period(grain, start, end, open_end=open_end)
    return Period("custom", start, end, open_end=open_end)


def _whole(start: date, grain: str) -> Period:
    return Period(grain, start, next_start(start, grain))


def _year(text: str) -> int:
    year = int(text)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _NotAPeriod(f"years go from {FIRST_YEAR} to {LAST_YEAR}")
    return year


def _day(text: str) -> date:
    _year(text[:4])
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _NotAPeriod(f"there is no day {text}") from None


def _read_day(match: re.Match[str], calendar: Calendar) -> Period:
    return _whole(_day(match[0]), "day")


def _read_week(match: re.Match[str], calendar: Calendar) -> Period:
    year, number = _year(match[1]), int(match[2])
    try:
        thursday = date.fromisocalendar(year, number, 4)
    except ValueError:
        raise _NotAPeriod(f"{year} has no week {number}") from None
    return _whole(grain_start(thursday, "week", calendar), "week")


def _read_month(match: re.Match[str], calendar: Calendar) -> Period:
    year, month = _year(match[1]), int(match[2])
    if not 1 <= month <= 12:
        raise _NotAPeriod(f"there is no month {match[2]}")
    return _whole(date(year, month, 1), "month")


def _read_quarter(match: re.Match[str], calendar: Calendar) -> Period:
    return _whole(date(_year(match[1]), 3 * _quarter(match[2]) - 2, 1), "quarter")


def _read_year(match: re.Match[str], calendar: Calendar) -> Period:
    return _whole(date(_year(match[0]), 1, 1), "year")


def _read_fiscal_year(match: re.Match[str], calendar: Calendar) -> Period:
    return _whole(_fiscal_year_start(_year(match[1]), calendar), "fiscal_year")


def _read_fiscal_quarter(match: re.Match[str], calendar: Calendar) -> Period:
    start = _fiscal_year_start(_year(match[1]), calendar)
    return _whole(_plus_months(start, 3 * _quarter(match[2]) - 3), "fiscal_quarter")


def _read_range(match: re.Match[str], calendar: Calendar) -> Period:
    first, last = _day(match[1]), _day(match[2])
    if last < first:
        raise _NotAPeriod(f"{last} lies before {first}; give the earlier day first")
    return _ranged(first, last + _DAY, calendar)


def _read_last_grain(match: re.Match[str], calendar: Calendar) -> Period:
    grain = match[1]
    end = grain_start(calendar.complete_until, grain, calendar)
    return Period(grain, grain_start(end - _DAY, grain, calendar), end)


def _read_last_days(match: re.Match[str], calendar: Calendar) -> Period:
    days = int(match[1])
    if days < 1:
        raise _NotAPeriod("the number of days is at least 1")
    start = calendar.complete_until - timedelta(days=days)
    if start.year < FIRST_YEAR:
        raise _NotAPeriod(f"it would start before the year {FIRST_YEAR}")
    return _ranged(start, calendar.complete_until, calendar)


def _quarter(text: str) -> int:
    if text not in ("1", "2", "3", "4"):
        raise _NotAPeriod(f"there is no quarter {text}; quarters are Q1 to Q4")
    return int(text)


_ISO_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FORMS_READ: tuple[tuple[str, Callable[[re.Match[str], Calendar], Period]], ...] = (
    (_ISO_DAY, _read_day),
    ("([0-9]{4})-w([0-9]{2})", _read_week),
    ("([0-9]{4})-([0-9]{2})", _read_month),
    ("([0-9]{4})-q([0-9]+)", _read_quarter),
    ("[0-9]{4}", _read_year),
    ("fy([0-9]{4})", _read_fiscal_year),
    ("fy([0-9]{4})-q([0-9]+)", _read_fiscal_quarter),
    (rf"({_ISO_DAY})\s*\.\.\s*({_ISO_DAY})", _read_range),
    ("last-(week|month|quarter|year)", _read_last_grain),
    ("last-([0-9]{1,9})-days?", _read_last_days),
)


def period_text(grain: str, start: date, end: date, calendar: Calendar) -> str:
    """The natural form of `[start, end)`, which parse_period reads back to the same dates.

    That of a whole period of `grain`; one that a range cuts, and a range of no grain, is given by its days.
    """
    if grain in GRAINS and (grain_start(start, grain, calendar), next_start(start, grain)) != (start, end):
        grain = "custom"
    if grain == "day":
        return start.isoformat()
    if grain == "week":
        thursday = start + timedelta(days=(4 - calendar.week_start) % 7)
        year, number, _ = thursday.isocalendar()
        return f"{year:04}-W{number:02}"
    if grain == "month":
        return start.isoformat()[:7]
    if grain == "quarter":
        return f"{start.year:04}-Q{(start.month + 2) // 3}"
    if grain == "year":
        return f"{start.year:04}"
    if grain in ("fiscal_quarter", "fiscal_year"):
        year_start = grain_start(start, "fiscal_year", calendar)
        name = f"FY{(next_start(year_start, 'fiscal_year') - _DAY).year:04}"
        months = (start.year - year_start.year) * 12 + start.month - year_start.month
        return name if grain == "fiscal_year" else f"{name}-Q{months // 3 + 1}"
    return f"{start}..{end - _DAY}"


# --- Grains


def grain_start(day: date, grain: str, calendar: Calendar) -> date:
    """The first day of the period of `grain` in which `day` lies.

    Raises UsageError for a grain that is not one of GRAINS.
    """
    _check_grain(grain)
    if grain == "day":
        return day
    if grain == "week":
        return day - timedelta(days=(day.isoweekday() - calendar.week_start) % 7)
    first = calendar.fiscal_year_start_month if grain.startswith("fiscal") else 1
    months = (day.month - first) % _MONTHS[grain]
    return _plus_months(day.replace(day=1), -months)


def next_start(start: date, grain: str) -> date:
    """The first day of the period of `grain` after the one that starts on `start`.

    Raises UsageError for a grain that is not one of GRAINS.
    """
    _check_grain(grain)
    if grain == "day":
        return start + _DAY
    if grain == "week":
        return start + _WEEK
    return _plus_months(start, _MONTHS[grain])


def _check_grain(grain: str) -> None:
    if grain not in GRAINS:
        raise UsageError(f"--grain {grain!r} is not a grain. It takes {', '.join(GRAINS)}.")


def _fiscal_year_start(year: int, calendar: Calendar) -> date:
    month = calendar.fiscal_year_start_month
    return date(year if month == 1 else year - 1, month, 1)


def _plus_months(day: date, months: int) -> date:
    """`day` that many months later; the month's last day where there is no such day."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def grain_periods(period: Period, grain: str, calendar: Calendar) -> list[Slot]:
    """The periods of `grain` inside `period`, in order; the whole period for grain `custom`.

    A grain period that reaches beyond the asked range is cut to it and marked clipped, except at
    an open side (the start of `all`; the end of `all`, `mtd`, `qtd` and `ytd`), where it is kept
    whole. No slot starts at or after as_of: of a year asked for in June, the running June is there
    whole (not clipped, but not complete), and July is not. Raises UsageError for another grain.
    """
    if grain in ("custom", period.grain):
        return [Slot(period.start, period.end)]
    slots = []
    start = grain_start(period.start, grain, calendar)
    while start < period.end and start <= calendar.last_day:
        end = next_start(start, grain)
        low = start if period.open_start else max(start, period.start)
        high = end if period.open_end else min(end, period.end)
        slots.append(Slot(low, high, clipped=(low, high) != (start, end)))
        start = end
    return slots


def is_complete(slot: Slot, calendar: Calendar) -> bool:
    """Whether the slot is a whole period and has ended by as_of."""
    return not slot.clipped and slot.end <= calendar.complete_until


# --- Comparisons


def counterpart(slot: Slot, how: str, grain: str, calendar: Calendar) -> Slot:
    """The period with which `slot` is compared, whole, even where `slot` is still running.

    `how` is `previous` or `year`. The previous one is the grain period before; of a custom range
    the equally many days before it. A year earlier are the same dates (29 February: 28 February;
    weeks: 52 weeks). A clipped slot has a counterpart cut the same way: as many days from the
    start of the other period, never past its end.
    Raises UsageError for another `how` or grain, and where the counterpart would start too early.
    """
    try:
        if how == "year":
            return _year_before(slot, grain, calendar)
        if how == "previous":
            return _one_before(slot, grain, calendar)
    except (ValueError, OverflowError):
        raise UsageError(f"--compare {how}: there is no period before {slot.start}") from None
    raise UsageError(f"--compare {how!r} is not a comparison. It takes previous or year.")


def compared(slot: Slot, how: str, grain: str, calendar: Calendar) -> tuple[date, date]:
    """The dates `[start, end)` with which `slot` is compared: the elapsed part of counterpart().

    Where `slot` has not ended by as_of, the range ends after the day that compared_as_of() lies
    in or ends. Raises UsageError like counterpart().
    """
    other = counterpart(slot, how, grain, calendar)
    if slot.end <= calendar.complete_until:
        return other.start, other.end
    cut = compared_as_of(slot, how, grain, calendar)
    return other.start, (cut - timedelta(microseconds=1)).date() + _DAY


def monthly_step(slot: Slot, step: int, calendar: Calendar) -> tuple[date, date]:
    """A monthly step `[start, end)` back from the end of a period, 1 being the last; from the day after as_of's in a
    running one. Steps 1 to 12 are the trailing 12 months."""
    end = min(slot.end, calendar.last_day + _DAY)
    return _plus_months(end, -step), _plus_months(end, 1 - step)


def compared_as_of(slot: Slot, how: str, grain: str, calendar: Calendar) -> datetime:
    """The exclusive local instant up to which the counterpart of `slot` is looked at.

    For a slot that has ended by as_of it is as_of itself. For a running one it is as long after
    the counterpart's start as as_of is after the slot's start, never past the counterpart's end.
    Raises UsageError like counterpart().
    """
    other = counterpart(slot, how, grain, calendar)
    if slot.end <= calendar.complete_until:
        return calendar.as_of_local
    elapsed = calendar.as_of_local - datetime.combine(slot.start, time())
    started, ended = datetime.combine(other.start, time()), datetime.combine(other.end, time())
    return min(started + elapsed, ended)


def _one_before(slot: Slot, grain: str, calendar: Calendar) -> Slot:
    if grain == "custom":
        return Slot(slot.start - (slot.end - slot.start), slot.start)
    this_start = grain_start(slot.start, grain, calendar)
    other_start = grain_start(this_start - _DAY, grain, calendar)
    if not slot.clipped:
        return Slot(other_start, this_start)
    whole_to_end = slot.end == next_start(this_start, grain)
    last_day = this_start - _DAY
    start = min(other_start + (slot.start - this_start), last_day)
    end = this_start if whole_to_end else min(other_start + (slot.end - this_start), this_start)
    return Slot(start, max(end, start + _DAY), clipped=True)


def _year_before(slot: Slot, grain: str, calendar: Calendar) -> Slot:
    if grain == "week":
        return Slot(slot.start - _WEEKS_A_YEAR, slot.end - _WEEKS_A_YEAR, slot.clipped)
    start = _plus_months(slot.start, -12)
    if grain != "custom":
        this_start = grain_start(slot.start, grain, calendar)
        if grain != "day" and slot.end == next_start(this_start, grain):
            return Slot(start, _plus_months(slot.end, -12), slot.clipped)
    return Slot(start, _plus_months(slot.end - _DAY, -12) + _DAY, slot.clipped)
