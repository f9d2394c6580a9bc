"""The grid: the figures that the last run built ahead, and which questions they answer.

What the grid lacks is rolled up from the rows, by the same macros, and is the same figure.
"""

from __future__ import annotations

from dataclasses import dataclass

from kpi_runner.periods import Calendar
from kpi_runner.rollup import Question
from kpi_runner.sql import quoted, text_literal
from kpi_runner.warehouse import RunSettings, Warehouse


@dataclass(frozen=True)
class Source:
    """Where the figures of a question come from, and why."""

    kpi_id: str
    from_grid: bool
    reason: str

    @property
    def text(self) -> str:
        """As people read it: `revenue: from the grid (…)`."""
        return f"{self.kpi_id}: {'from the grid' if self.from_grid else 'rolled up from rows'} ({self.reason})."


def source_of(question: Question, warehouse: Warehouse, settings: RunSettings, calendar: Calendar) -> Source:
    """Whether the grid answers a question, asked as of the calendar's instant; and why, or why not."""
    by = " and ".join(question.dimensions) or "total"
    lacking = _lacking(question, warehouse, settings, calendar)
    return Source(question.kpi_id, lacking is None, lacking or f"{question.grain} by {by} is built")


def grid_sql(question: Question) -> str:
    """The SQL that answers a question from the grid, in the columns of rollup.figures_sql()."""
    (dimension,) = question.dimensions or ("total",)
    measures = ", ".join(map(text_literal, question.spec["measures"]))
    slots = ", ".join(f"(date '{slot.start}', date '{slot.end}')" for slot in question.slots)
    column = f"dimension_value as {quoted(dimension)}, " if question.dimensions else ""
    return (
        f"select measure, period_start, period_end, {column}numerator, denominator, value, row_count,"
        f" is_complete, is_provisional from kpi_figures where kpi_id = {text_literal(question.kpi_id)}"
        f" and grain = {text_literal(question.grain)} and dimension = {text_literal(dimension)}"
        f" and measure in ({measures}) and (period_start, period_end) in ({slots})"
    )


def _lacking(question: Question, warehouse: Warehouse, settings: RunSettings, calendar: Calendar) -> str | None:
    """What the grid lacks for a question; None where it lacks nothing."""
    grid = question.spec.get("grid") or {}
    if question.known_by is not None or calendar != settings.calendar:
        return "as was known at an earlier moment"
    if question.condition is not None:
        return "a filter is asked for"
    if len(question.dimensions) > 1:
        return f"{' and '.join(question.dimensions)} together are in no grid"
    if question.grain not in grid:
        return f"{question.grain} is not built"
    for dimension in question.dimensions:
        if dimension not in grid[question.grain]:
            return f"{question.grain} by {dimension} is not built"
    built = set(warehouse.rows("select period_start, period_end from periods where grain = ?", [question.grain]))
    for slot in question.slots:
        if (slot.start, slot.end) not in built:
            return f"{slot.start} to {slot.end} was not built as {question.grain}"
    return None
