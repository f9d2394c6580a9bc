"""The scorecard: each KPI's primary figure for the last complete period, set beside others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kpi_runner.periods import period_text
from kpi_runner.render import display
from kpi_runner.warehouse import Warehouse

SCORECARD_COLUMNS = [
    "kpi_id", "number", "title", "measure", "grain", "period_start", "period_end", "unit", "value",
    "previous_value", "change_pct", "year_ago_value", "year_change_pct", "healthy_low",
    "healthy_high", "status", "is_provisional",
]  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the scorecard: its values in SCORECARD_COLUMNS, and its period as people write it."""

    row: tuple[Any, ...]
    period: str

    def __getitem__(self, column: str) -> Any:
        return self.row[SCORECARD_COLUMNS.index(column)]


def last_scorecard(warehouse: Warehouse, grain: str) -> list[Entry]:
    """The primary measure of every KPI in the last complete period of a grain, by number."""
    calendar = warehouse.settings().calendar
    columns = ", ".join(f"{'catalog' if name in ('number', 'title') else 'card'}.{name}" for name in SCORECARD_COLUMNS)
    rows = warehouse.rows(
        f"select {columns} from kpi_scorecard as card"
        " inner join kpi_catalog as catalog on card.kpi_id = catalog.kpi_id"
        " inner join kpi_measures as measures on card.kpi_id = measures.kpi_id"
        " and card.measure = measures.measure and measures.position = 1"
        " where card.grain = ? and card.period_start ="
        " (select max(period_start) from kpi_scorecard where grain = ?)"
        " order by catalog.number nulls first, card.kpi_id",
        [grain, grain],
    )
    start = SCORECARD_COLUMNS.index("period_start")
    return [Entry(row, period_text(grain, row[start], row[start + 1], calendar)) for row in rows]


def shown(entries: list[Entry]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The scorecard as people read it: columns and rows of text."""
    columns = ["#", "KPI", "value", "before", "change", "year ago", "change ", "healthy", "status"]
    rows: list[tuple[str, ...]] = [
        (
            str(entry["number"]) if entry["number"] is not None else "",
            entry["title"],
            display(entry["value"], entry["unit"]) + (" *" if entry["is_provisional"] else ""),
            display(entry["previous_value"], entry["unit"]),
            _change(entry["change_pct"]),
            display(entry["year_ago_value"], entry["unit"]),
            _change(entry["year_change_pct"]),
            healthy_range(entry["healthy_low"], entry["healthy_high"], entry["unit"]),
            entry["status"].replace("_", " "),
        )
        for entry in entries
    ]
    return columns, rows


def healthy_range(low: float | None, high: float | None, unit: str) -> str:
    """A healthy range in words, empty where there is none."""
    if low is None and high is None:
        return ""
    if high is None:
        return f"from {display(low, unit)}"
    if low is None:
        return f"to {display(high, unit)}"
    return f"{display(low, unit)} to {display(high, unit)}"


def _change(fraction: float | None) -> str:
    if fraction is None:
        return "-"
    return ("+" if fraction > 0 else "") + display(fraction, "percent")
