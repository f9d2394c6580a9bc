"""The roll-up of macros/kpi, rendered without dbt: the SQL for figures of any period and slice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from kpi_runner.periods import Calendar, Slot, compared_as_of, counterpart, is_complete, monthly_step
from kpi_runner.sql import date_literal, quoted, text_literal, timestamp_literal

#: Kind of rows → the columns that say in which periods they take part (see the head of rollup.sql).
DATE_COLUMNS = {
    "event": ("event_on", "since_on", "event_local_at"),
    "state": ("valid_from_on", "valid_to_on"),
    "span": ("held_from_on", "held_to_on", "valid_from_on", "valid_to_on"),
}

#: Each of these columns.
ROW_DATES = tuple(dict.fromkeys(name for names in DATE_COLUMNS.values() for name in names))

#: What the roll-up's relations are called here.
RELATIONS = {
    "rows": "asked_rows",
    "periods": "asked_periods",
    "windows": "asked_windows",
    "window_days": "asked_days",
    "block_days": "asked_blocks",
}


def _macros(project_dir: Path, spelling: str = "default") -> Any:
    """The macros of the roll-up of a project. An answer from the grid needs none, and does not wait for Jinja."""
    from kpi_runner.macros import rollup_macros

    return rollup_macros(project_dir, spelling)


@dataclass(frozen=True)
class Moment:
    """An instant up to which a KPI's rows are looked at, exclusive, and the columns that the rows have."""

    local: datetime
    utc: datetime
    columns: Sequence[str]


@dataclass(frozen=True)
class Question:
    """What is asked of one KPI: its rows' table and spec, the periods, the slice and the filter.

    `dimensions` are sliced together; `condition` is SQL over dimensions that parse_where() made.
    `known_by` is the moment before which the rows, and their outcomes, must have come; None takes
    them as the last run left them. `spelling` is that of the warehouse that is asked.
    """

    kpi_id: str
    spec: dict[str, Any]
    grain: str
    slots: Sequence[Slot]
    dimensions: Sequence[str]
    condition: str | None
    known_by: Moment | None = None
    spelling: str = "default"


def figures_sql(question: Question, project_dir: Path, calendar: Calendar, cohort_window_days: int) -> str:
    """The SQL that answers a question from the rows that the last run left.

    Its columns: measure, period_start, period_end, one per dimension, numerator, denominator,
    value, row_count, is_complete, is_provisional.
    """
    macros = _macros(project_dir, question.spelling)
    slices = [[], list(question.dimensions)] if question.dimensions else [[]]
    columns = "".join(f"dim_{place} as {quoted(name)}, " for place, name in enumerate(question.dimensions, start=1))
    return (
        f"{_asked_sql(question, macros, calendar, cohort_window_days)}"
        f"{macros.rollup(question.spec, slices, RELATIONS)}\n"
        f"select measure, period_start, period_end, {columns}numerator, denominator, value, row_count,"
        f" is_complete, is_provisional from measured where slice = {len(slices) - 1}"
    )


def components(spec: dict[str, Any], project_dir: Path) -> tuple[list[str], bool]:
    """What a spec's one measure is made of, by name; and whether it has rows only through these."""
    macros = _macros(project_dir)
    return list(macros.components(spec)), bool(macros.needs_component(spec))


def row_inputs(spec: dict[str, Any], project_dir: Path) -> list[str]:
    """The columns of the rows that a spec's measures are made of, with the subjects that they are over."""
    macros = _macros(project_dir)
    inputs = list(macros.plain_inputs(spec))
    asked = macros.measure_inputs(spec)
    for subject, expressions in (spec.get("subjects") or {}).items():
        used = " ".join(text for name, text in expressions.items() if name in asked)
        words = set(re.findall(r"\w+", used))
        if used:
            inputs += [name for name in spec.get("inputs") or [] if {name, f"n_{name}"} & words]
            inputs.append(subject)
    return list(dict.fromkeys(inputs))


def drill_sql(
    question: Question,
    component: str | None,
    columns: Sequence[str],
    project_dir: Path,
    calendar: Calendar,
    cohort_window_days: int,
) -> str:
    """The SQL for the rows behind the figure of a question with one slot and one measure, or behind a component of it.

    `columns` are those of the rows' table. The result has time_window, these columns, and what the
    row adds: figure_numerator, figure_denominator, figure_value, figure_row_count (see drill.sql).
    """
    macros = _macros(project_dir, question.spelling)
    identity = [name for name in columns if _tells_apart(name) or name in question.spec["dimensions"]]
    return (
        f"{_asked_sql(question, macros, calendar, cohort_window_days)}"
        f"{macros.drill(question.spec, component, list(columns), identity, RELATIONS)}\n"
        "select * from drilled"
    )


def _tells_apart(column: str) -> bool:
    """Whether a column says which thing a row is about."""
    return column == "source_system" or column.endswith(("_id", "_key"))


def _asked_sql(question: Question, macros: Any, calendar: Calendar, cohort_window_days: int) -> str:
    """The CTEs that RELATIONS names: what a question asks for."""
    where = f" where {question.condition}" if question.condition else ""
    windows = macros.window_names(macros.used_windows(question.spec))
    return (
        f"with asked_windows as ({_windows_sql(question, windows, calendar)}),\n"
        f"asked_periods as ({_periods_sql(question, calendar, cohort_window_days)}),\n"
        f"asked_days as ({macros.days_of_windows('asked_windows', 'calendar_days')}),\n"
        f"asked_blocks as ({macros.blocks_of_days('asked_windows', 'asked_days')}),\n"
        f"asked_rows as (select * from {_rows_sql(question, macros)}{where}),\n"
    )


def _rows_sql(question: Question, macros: Any) -> str:
    """The rows of the KPI, as they were known at the moment of the question."""
    table, moment = quoted(question.kpi_id + "__rows"), question.known_by
    if moment is None:
        return table
    last_day = (moment.local - timedelta(microseconds=1)).date()
    outcomes = question.spec.get("outcomes") or {}
    known: str = macros.rows_known_by(
        table,
        moment.columns,
        outcomes,
        timestamp_literal(moment.utc),
        date_literal(moment.local.date()),
        date_literal(last_day),
    )
    return f"({known}) as known_rows"


def _periods_sql(question: Question, calendar: Calendar, cohort_window_days: int) -> str:
    """The asked periods as rows of values, with their marks and selling days."""
    rows = [
        f"({text_literal(question.grain)}, {date_literal(slot.start)}, {date_literal(slot.end)},"
        f" {str(is_complete(slot, calendar)).lower()},"
        f" {str(is_in_cohort_window(slot, calendar, cohort_window_days)).lower()},"
        f" {(min(slot.end, calendar.as_of_local.date()) - DAY_ZERO).days})"
        for slot in question.slots
    ]
    return (
        "select asked.*, ends.selling_days_before - starts.selling_days_before as selling_days,"
        " ends.month_parts_before - starts.month_parts_before as month_parts"
        f" from (values {', '.join(rows)})"
        " as asked (grain, period_start, period_end, is_complete, is_in_cohort_window, end_day_number)"
        " inner join calendar_days as starts on asked.period_start = starts.date_day"
        " inner join calendar_days as ends on asked.period_end = ends.date_day"
    )


#: Days are numbered from here, as the macro day_number() does.
DAY_ZERO = date(1970, 1, 1)


def is_in_cohort_window(slot: Slot, calendar: Calendar, days: int) -> bool:
    """Whether outcomes of the slot's cohort may still come (kpis: provisional)."""
    window_end = datetime.combine(slot.end + timedelta(days=days), datetime.min.time())
    return window_end > calendar.as_of_local


def _windows_sql(question: Question, windows: Sequence[str], calendar: Calendar) -> str:
    """The asked periods and those that formulas compare them with, as rows of values."""
    rows: list[str] = []
    numbers: dict[tuple[date, date, datetime | None], int] = {}
    for slot in question.slots:
        for window in windows:
            start, end, before_at = slot.start, slot.end, None
            if window.startswith("step_"):
                start, end = monthly_step(slot, int(window.removeprefix("step_")), calendar)
            elif window != "own":
                other = counterpart(slot, window, question.grain, calendar)
                start, end = other.start, other.end
                if slot.end > calendar.complete_until:
                    before_at = compared_as_of(slot, window, question.grain, calendar)
            number = numbers.setdefault((start, end, before_at), len(numbers))
            rows.append(
                f"({number}, {text_literal(window)}, {text_literal(question.grain)},"
                f" {date_literal(slot.start)}, {date_literal(slot.end)},"
                f" {date_literal(start)}, {date_literal(end)}, {timestamp_literal(before_at)})"
            )
    return (
        f"select * from (values {', '.join(rows)}) as asked"
        " (window_id, time_window, grain, period_start, period_end, window_start, window_end, before_at)"
    )


def state_holds(rows: str, end: str, project_dir: Path) -> str:
    """The condition that a state, of rows by that alias, holds at an end."""
    return str(_macros(project_dir).state_holds(rows, end))


def span_holds(rows: str, start: str, end: str, project_dir: Path) -> str:
    """The condition that a span, of rows by that alias, held at a start and holds at an end."""
    return str(_macros(project_dir).span_holds(rows, start, end))


@dataclass(frozen=True)
class Reads:
    """What measures read of a KPI's rows: windows of a period, columns that they add up, and columns of subjects."""

    windows: tuple[str, ...]
    inputs: tuple[str, ...]
    subjects: tuple[str, ...]


def reads(spec: dict[str, Any], measures: Sequence[str], project_dir: Path) -> Reads:
    """What some measures of a spec read of the KPI's rows."""
    macros = _macros(project_dir)
    asked = spec | {"measures": {name: spec["measures"][name] for name in measures}}
    windows = macros.window_names(macros.used_windows(asked))
    return Reads(tuple(windows), tuple(macros.base_inputs(asked)), tuple(spec.get("subjects") or ()))
