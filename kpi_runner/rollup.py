"""The roll-up of macros/kpi/rollup.sql, rendered without dbt: the SQL for figures of any period and slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.runtime import Macro

from kpi_runner.periods import Calendar, Slot, compared_as_of, counterpart, is_complete

MACROS = Path("macros") / "kpi"


class _Returned(Exception):
    """Carries a macro's return value, as dbt's `return` does."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _ReturningMacro(Macro):
    """A macro that may return any value, not just the text that it prints."""

    def _invoke(self, arguments: list[Any], autoescape: bool) -> Any:
        try:
            return super()._invoke(arguments, autoescape)
        except _Returned as returned:
            return returned.value


def _return(value: Any) -> NoReturn:
    raise _Returned(value)


def _module(environment: Environment, name: str) -> Any:
    """The macros of a file, with dbt's `return` working in them."""
    template: Template = environment.get_template(name)
    template.root_render_func.__globals__["Macro"] = _ReturningMacro
    return template.module


@cache
def _macros(project_dir: Path) -> tuple[Any, Any]:
    """The roll-up and the bridge of a project; compiled once, however many KPIs are asked for."""
    environment = Environment(
        loader=FileSystemLoader(project_dir / MACROS), extensions=["jinja2.ext.do"], undefined=StrictUndefined
    )
    environment.globals["return"] = _return
    return _module(environment, "rollup.sql"), _module(environment, "days_of_windows.sql")


@dataclass(frozen=True)
class Question:
    """What is asked of one KPI: its rows' table and spec, the periods, the slice and the filter.

    `dimensions` are sliced together; `condition` is SQL over dimensions that parse_where() made.
    """

    kpi_id: str
    spec: dict[str, Any]
    grain: str
    slots: Sequence[Slot]
    dimensions: Sequence[str]
    condition: str | None


def figures_sql(question: Question, project_dir: Path, calendar: Calendar, cohort_window_days: int) -> str:
    """The SQL that answers a question from the rows that the last run left.

    Its columns: measure, period_start, period_end, one per dimension, numerator, denominator,
    value, row_count, is_complete, is_provisional.
    """
    rollup, bridge = _macros(project_dir)
    slices = [[], list(question.dimensions)] if question.dimensions else [[]]
    relations = {"rows": "asked_rows", "periods": "asked_periods", "period_days": "asked_days"}
    where = f" where {question.condition}" if question.condition else ""
    windows = rollup.used_windows(question.spec)
    columns = "".join(f"{_quoted(name)}, " for name in question.dimensions)
    spec = question.spec | {"grains": None}
    return (
        f"with asked_windows as ({_windows_sql(question, windows, calendar)}),\n"
        f"asked_periods as ({_periods_sql(question, calendar, cohort_window_days)}),\n"
        f"asked_days as ({bridge.days_of_windows('asked_windows', 'calendar_days')}),\n"
        f"asked_rows as (select * from {_quoted(question.kpi_id + '__rows')}{where}),\n"
        f"{rollup.rollup(spec, slices, relations)}\n"
        f"select measure, period_start, period_end, {columns}numerator, denominator, value, row_count,"
        f" is_complete, is_provisional from measured where slice = {len(slices) - 1}"
    )


def _periods_sql(question: Question, calendar: Calendar, cohort_window_days: int) -> str:
    """The asked periods as rows of values, with their marks and selling days."""
    rows = [
        f"({_text(question.grain)}, {_date(slot.start)}, {_date(slot.end)},"
        f" {str(is_complete(slot, calendar)).lower()},"
        f" {str(_is_in_cohort_window(slot, calendar, cohort_window_days)).lower()})"
        for slot in question.slots
    ]
    return (
        "select asked.*, ends.selling_days_before - starts.selling_days_before as selling_days"
        f" from (values {', '.join(rows)})"
        " as asked (grain, period_start, period_end, is_complete, is_in_cohort_window)"
        " inner join calendar_days as starts on asked.period_start = starts.date_day"
        " inner join calendar_days as ends on asked.period_end = ends.date_day"
    )


def _is_in_cohort_window(slot: Slot, calendar: Calendar, days: int) -> bool:
    """Whether outcomes of the slot's cohort may still come (kpis: provisional)."""
    window_end = datetime.combine(slot.end + timedelta(days=days), datetime.min.time())
    return window_end > calendar.as_of_local


def _windows_sql(question: Question, windows: Sequence[str], calendar: Calendar) -> str:
    """The asked periods and those that formulas compare them with, as rows of values."""
    rows = []
    for slot in question.slots:
        for window in windows:
            start, end, before_at = slot.start, slot.end, None
            if window != "own":
                other = counterpart(slot, window, question.grain, calendar)
                start, end = other.start, other.end
                if slot.end > calendar.complete_until:
                    before_at = compared_as_of(slot, window, question.grain, calendar)
            rows.append(
                f"({_text(window)}, {_text(question.grain)}, {_date(slot.start)}, {_date(slot.end)},"
                f" {_date(start)}, {_date(end)}, {_timestamp(before_at)})"
            )
    return (
        f"select * from (values {', '.join(rows)}) as asked"
        " (time_window, grain, period_start, period_end, window_start, window_end, before_at)"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _date(day: date) -> str:
    return f"cast('{day.isoformat()}' as date)"


def _timestamp(instant: datetime | None) -> str:
    if instant is None:
        return "cast(null as timestamp)"
    return f"cast('{instant.isoformat(sep=' ')}' as timestamp)"
