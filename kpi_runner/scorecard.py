"""The scorecard: each KPI's primary figure for the last complete period, set beside others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from kpi_runner.periods import period_text
from kpi_runner.render import display
from kpi_runner.warehouse import Warehouse

#: Column of the scorecard → where it comes from.
_SOURCES = {
    "kpi_id": "card", "number": "catalog", "title": "catalog", "measure": "card", "grain": "card",
    "period_start": "card", "period_end": "card", "unit": "card", "value": "card",
    "previous_value": "card", "change": "card", "change_pct": "card", "year_ago_value": "card",
    "year_change": "card", "year_change_pct": "card", "healthy_low": "card",
    "low_is_exclusive": "measures", "healthy_high": "card", "status": "card", "is_provisional": "card",
}  # fmt: skip
SCORECARD_COLUMNS = list(_SOURCES)


@dataclass(frozen=True)
class Entry:
    """One line of the scorecard: its values in SCORECARD_COLUMNS, and its period as people write it."""

    row: tuple[Any, ...]
    period: str

    def __getitem__(self, column: str) -> Any:
        return self.row[SCORECARD_COLUMNS.index(column)]


def last_scorecard(warehouse: Warehouse, grain: str) -> list[Entry]:
    """The primary measure of every KPI in the last complete period of a grain, by number."""
    ((start,),) = warehouse.rows("select max(period_start) from kpi_scorecard where grain = ?", [grain])
    return scorecard(warehouse, grain, start, "measures.position = 1")


def scorecard(warehouse: Warehouse, grain: str, period_start: date | None, condition: str = "true") -> list[Entry]:
    """The measures of every KPI in one complete period, by number and place; of those a condition takes."""
    calendar = warehouse.settings().calendar
    columns = ", ".join(f"{source}.{name}" for name, source in _SOURCES.items())
    rows = warehouse.rows(
        f"select {columns} from kpi_scorecard as card"
        " inner join kpi_catalog as catalog on card.kpi_id = catalog.kpi_id"
        " inner join kpi_measures as measures on card.kpi_id = measures.kpi_id"
        " and card.measure = measures.measure"
        f" where card.grain = ? and card.period_start = ? and {condition}"
        " order by catalog.number nulls first, card.kpi_id, measures.position",
        [grain, period_start],
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
            change_text(entry, ""),
            display(entry["year_ago_value"], entry["unit"]),
            change_text(entry, "year_"),
            healthy_range(entry),
            entry["status"].replace("_", " "),
        )
        for entry in entries
    ]
    return columns, rows


def healthy_range(entry: Entry) -> str:
    """The healthy range in words, empty where there is none."""
    low, high = (
        None if bound is None else display(bound, entry["unit"])
        for bound in (entry["healthy_low"], entry["healthy_high"])
    )
    if low is None:
        return "" if high is None else f"to {high}"
    if high is None:
        return f"above {low}" if entry["low_is_exclusive"] else f"from {low}"
    return f"{low} to {high}"


def change_text(entry: Entry, prefix: str) -> str:
    """A change against another period: in percentage points for percentages, else relative."""
    in_points = entry["unit"] == "percent"
    fraction = entry[f"{prefix}change" if in_points else f"{prefix}change_pct"]
    if fraction is None:
        return "-"
    text = display(fraction, "percent")
    return ("+" if fraction > 0 else "") + (text.replace("%", "pp") if in_points else text)
