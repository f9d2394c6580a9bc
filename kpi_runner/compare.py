"""Figures set beside those of another period: the one before, or the same one a year ago.

A period that has ended is compared with the whole other one. A running one is compared with what
was known of the other one as long after its start: at `compared_as_of()`, the roll-up is asked for
the other period as if that instant were the as-of, over rows and outcomes that had come by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

from kpi_runner.clock import utc_of_local
from kpi_runner.errors import UsageError
from kpi_runner.grid import Source
from kpi_runner.periods import Calendar, Slot, compared_as_of, counterpart, is_complete
from kpi_runner.query import Answer, Asked, Request, answer_columns, asked_of, figures
from kpi_runner.render import NO_VALUE, display
from kpi_runner.rollup import Moment, Question, is_in_cohort_window
from kpi_runner.warehouse import RunSettings, Warehouse

COMPARISONS = ("previous", "year")
COMPARED_COLUMNS = ("compared_value", "change", "change_pct")

_QUOTIENT = Context(prec=12)
#: Digits enough for the difference of any two doubles.
_EXACT = Context(prec=700)


@dataclass(frozen=True)
class Figure:
    """A figure of one measure, period and slice, as the roll-up gives it."""

    numerator: Decimal | None
    denominator: Decimal | None
    value: float | None
    row_count: int | None
    is_complete: bool
    is_provisional: bool


@dataclass(frozen=True)
class Pair:
    """A figure and that of the period with which its own is compared, `[other.start, other.end)`."""

    measure: str
    slot: Slot
    other: Slot
    slice: tuple[Any, ...]
    figure: Figure
    base: Figure


def compared_answer(
    request: Request, how: str, warehouse: Warehouse, settings: RunSettings, project_dir: Path
) -> Answer:
    """The figures that a request asks for, each with the compared one, the change and its share.

    Raises like answer(), and UsageError where no period comes before, or a measure cannot be told
    for the elapsed part of the other period.
    """
    columns = answer_columns(request)
    place = columns.index("value") + 1
    result = Answer([*columns[:place], *COMPARED_COLUMNS, *columns[place:]])
    for asked in asked_of(request, warehouse, settings, result.notes):
        units = {info.measure: info.unit for info in asked.measures}
        for pair in pairs(asked, how, request, warehouse, settings, project_dir, result.notes, result.sources):
            figure, base = pair.figure, pair.base.value
            result.rows.append(
                (
                    asked.kpi.kpi_id,
                    pair.measure,
                    asked.question.grain,
                    pair.slot.start,
                    pair.slot.end,
                    *pair.slice,
                    figure.numerator,
                    figure.denominator,
                    figure.value,
                    base,
                    as_number(change(figure.value, base)),
                    relative_change(figure.value, base),
                    figure.row_count,
                    figure.is_complete,
                    figure.is_provisional,
                )
            )
            result.units.append(units[pair.measure])
    return result


def pairs(
    asked: Asked,
    how: str,
    request: Request,
    warehouse: Warehouse,
    settings: RunSettings,
    project_dir: Path,
    notes: list[str],
    sources: list[Source] | None = None,
) -> list[Pair]:
    """Each figure of a KPI beside the compared one: of every slice in which either period has something."""
    calendar = settings.calendar
    others = {slot: counterpart(slot, how, asked.question.grain, calendar) for slot in asked.question.slots}
    moment = _elapsed(asked, how, warehouse, settings)
    question = _told(asked, moment, request, notes) if moment else asked.question
    found = by_key(figures(question, warehouse, settings, calendar, project_dir, sources), question)
    bases = {}
    for part, part_calendar in _parts(question, others, moment, calendar):
        bases.update(by_key(figures(part, warehouse, settings, part_calendar, project_dir, sources), part))
    return list(_paired(question, others, found, bases, settings))


def _paired(
    question: Question,
    others: dict[Slot, Slot],
    found: dict[_Key, Figure],
    bases: dict[_Key, Figure],
    settings: RunSettings,
) -> Iterator[Pair]:
    """The figures beside their bases, measure by measure, period by period, slice by slice."""
    slices = slices_of(*found, *bases)
    for measure in question.spec["measures"]:
        for slot, other in others.items():
            own_key, other_key = (measure, slot.start, slot.end), (measure, other.start, other.end)
            here = whole(found, own_key, slices)
            there = whole(bases, other_key, slices)
            both = slices.get(own_key, set()) | slices.get(other_key, set())
            for values in sorted(both, key=lambda names: tuple(map(str, names))):
                figure = found.get((*own_key, values)) or nothing(question, measure, slot, here, settings)
                base = bases.get((*other_key, values)) or nothing(question, measure, other, there, settings)
                yield Pair(measure, slot, other, values, figure, base)


#: Measure, start and end of a period, and the values of the slice.
_Key = tuple[str, date, date, tuple[Any, ...]]


def by_key(rows: Sequence[tuple[Any, ...]], question: Question) -> dict[_Key, Figure]:
    """The roll-up's rows by their keys."""
    keys = 3 + len(question.dimensions)
    return {(row[0], row[1], row[2], tuple(row[3:keys])): Figure(*row[keys:]) for row in rows}


def slices_of(*keys: _Key) -> dict[tuple[str, date, date], set[tuple[Any, ...]]]:
    """The slices that figures are of, by measure and period."""
    slices: dict[tuple[str, date, date], set[tuple[Any, ...]]] = {}
    for measure, start, end, values in keys:
        slices.setdefault((measure, start, end), set()).add(values)
    return slices


def whole(
    rows: dict[_Key, Figure], key: tuple[str, date, date], slices: dict[tuple[str, date, date], set[tuple[Any, ...]]]
) -> Decimal | None:
    """The denominator that all slices of a share have in common, where there is a slice."""
    denominators = (rows[(*key, values)].denominator for values in slices.get(key, ()) if (*key, values) in rows)
    return next(denominators, None)


def nothing(question: Question, measure: str, slot: Slot, whole: Decimal | None, settings: RunSettings) -> Figure:
    """The figure of a slice in which a period has nothing: counts, sums and shares are 0, the rest has no value."""
    kind = question.spec["measures"][measure]
    numerator = denominator = value = None
    if "count" in kind or "sum" in kind:
        value = 0.0
    elif "share" in kind:
        numerator, denominator, value = Decimal(0), whole or Decimal(0), 0.0 if whole else None
    elif "ratio" in kind or "mean" in kind:
        numerator = denominator = Decimal(0)
    calendar = settings.calendar
    is_provisional = bool(kind.get("cohort")) and is_in_cohort_window(slot, calendar, settings.cohort_window_days)
    return Figure(numerator, denominator, value, 0, is_complete(slot, calendar), is_provisional)


# --- The elapsed part of the other period


def _elapsed(asked: Asked, how: str, warehouse: Warehouse, settings: RunSettings) -> Moment | None:
    """The instant up to which the other period of the running one is looked at; None where none is running."""
    calendar, grain = settings.calendar, asked.question.grain
    for slot in asked.question.slots:
        if slot.end > calendar.complete_until:
            local = compared_as_of(slot, how, grain, calendar)
            columns = warehouse.columns(f"{asked.kpi.kpi_id}__rows")
            return Moment(local, utc_of_local(local, settings.timezone), columns)
    return None


def _parts(
    question: Question, others: dict[Slot, Slot], moment: Moment | None, calendar: Calendar
) -> Iterator[tuple[Question, Calendar]]:
    """The questions for the other periods, each with the calendar to ask it by: of those that have ended by as_of,
    and of the one whose elapsed part is looked at."""
    ended = dict.fromkeys(other for slot, other in others.items() if slot.end <= calendar.complete_until)
    yield replace(question, slots=list(ended)), calendar
    running = dict.fromkeys(other for slot, other in others.items() if slot.end > calendar.complete_until)
    if moment is not None:
        as_then = replace(calendar, as_of_local=moment.local)
        yield replace(question, slots=list(running), known_by=moment), as_then


def _told(asked: Asked, moment: Moment, request: Request, notes: list[str]) -> Question:
    """The question with the measures that can be told for the moment.

    Raises UsageError where a measure that the request names cannot, or none can.
    """
    chosen, refusals = [], []
    for info in asked.measures:
        reason = _untold(asked, info.measure, moment)
        if reason is None:
            chosen.append(info.measure)
            continue
        refusals.append(
            f"{asked.kpi.named(info.measure)} cannot be compared while the period runs: the other one would be looked"
            f" at as of {moment.local:%Y-%m-%d %H:%M:%S}, and {reason}. Ask for a period that has ended."
        )
    if refusals and (request.measures or not chosen):
        raise UsageError(refusals[0])
    notes.extend(refusals)
    measures = asked.question.spec["measures"]
    return replace(asked.question, spec=asked.question.spec | {"measures": {name: measures[name] for name in chosen}})


def _untold(asked: Asked, name: str, moment: Moment) -> str | None:
    """Why a measure cannot be told for the moment, or nothing."""
    spec = asked.question.spec
    for dimension in asked.cut_by:
        if dimension in (spec.get("undated") or ()):
            return f"what {dimension} was then is not kept"
    measure = spec["measures"][name]
    if measure.get("cohort") and not spec.get("outcomes"):
        return "when its outcomes came is not kept"
    if moment.local.time() == time():
        return None
    if measure.get("by_day"):
        return "it is known by the day alone"
    if "event" in spec["row_kinds"] and "known_at" not in moment.columns:
        return "the time of its events is not kept"
    return None


# --- Changes


def exact(value: float) -> Decimal:
    """The decimal that a figure is written as."""
    return Decimal(repr(value))


def change(value: float | None, base: float | None) -> Decimal | None:
    """What a figure has changed by, to the last digit that both are written with; None without one of them."""
    if value is None or base is None:
        return None
    return _EXACT.subtract(exact(value), exact(base))


def relative_change(value: float | None, base: float | None) -> float | None:
    """The change as a share of the base's size, to 12 significant digits; None where the base is 0 or none."""
    difference = change(value, base)
    if difference is None or not base:
        return None
    return as_number(_QUOTIENT.divide(difference, abs(exact(base))))


def as_number(value: Decimal | None) -> float | None:
    """A decimal as the double nearest to it."""
    return None if value is None else float(value)


def shown_change(value: Decimal | float | None, unit: str | None) -> str:
    """A change as people read it, with its sign: in percentage points for percentages."""
    if value is None:
        return NO_VALUE
    text = display(value, unit or "")
    if unit == "percent":
        text = text.replace("%", "pp")
    return f"+{text}" if value > 0 else text


def shown_share(share: Decimal | float | None) -> str:
    """A relative change as people read it, with its sign."""
    if share is None:
        return NO_VALUE
    text = display(share, "percent")
    return f"+{text}" if share > 0 else text
