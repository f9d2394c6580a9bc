"""The periods of the report: the one that it is about, those before it, and how an axis names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from kpi_runner.errors import DataError
from kpi_runner.periods import GRAINS, Calendar, Period, grain_start, next_start, period_text
from kpi_runner.sql import lies_between
from kpi_runner.warehouse import Warehouse

#: Periods in a sparkline and in a chart over time.
RUN_LENGTH = 12

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Span:
    """A complete period of a grain, with the text of `--period` that means it."""

    grain: str
    start: date
    end: date
    text: str


def reported_span(warehouse: Warehouse, period: Period, calendar: Calendar) -> Span:
    """The period that the report is about: the asked one where it was built and is complete.

    Else the last complete month in it, else week, else day.
    """
    inside = "dimension = 'total' and is_complete and grain = ?"
    whole = warehouse.rows(
        f"select 1 from kpi_values where {inside} and period_start = ? and period_end = ? limit 1",
        [period.grain, period.start, period.end],
    )
    if whole and not period.open_start:
        return complete_span(period.grain, period.start, period.end, calendar)
    for grain in ("month", "week", "day"):
        ((start,),) = warehouse.rows(
            f"select max(period_start) from kpi_values where {inside} and {lies_between(*period.bounds)}", [grain]
        )
        if start is not None:
            return complete_span(grain, start, next_start(start, grain), calendar)
    raise DataError("--period: no complete day of the last run lies in it. Ask for an earlier or a longer one.")


def complete_span(grain: str, start: date, end: date, calendar: Calendar) -> Span:
    """A period of a grain as the report names it."""
    return Span(grain, start, end, period_text(grain, start, end, calendar))


def run_of(span: Span, grain: str, calendar: Calendar) -> list[Span]:
    """The last periods of a grain up to the span's end, oldest first; of a custom range itself alone."""
    if grain not in GRAINS:
        return [span]
    spans, end = [], span.end
    for _ in range(RUN_LENGTH):
        start = grain_start(end - timedelta(days=1), grain, calendar)
        spans.append(complete_span(grain, start, end, calendar))
        end = start
    return spans[::-1]


def a_year_before(day: date) -> date:
    """The same day a year before; of a leap day the 28th."""
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def short_name(span: Span) -> str:
    """A period's name for an axis."""
    if span.grain == "month":
        return _MONTHS[span.start.month - 1]
    return span.text
