"""The scorecard: each KPI's primary figure for the last complete period, set beside others, goals first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from kpi_runner.periods import period_text
from kpi_runner.render import display, healthy_range
from kpi_runner.warehouse import Warehouse

#: Column of the scorecard → where it comes from.
_SOURCES = {
    "goal": "card", "goal_position": "card", "theme": "catalog", "kpi_id": "card", "number": "catalog",
    "title": "catalog", "measure": "card", "grain": "card", "period_start": "card", "period_end": "card",
    "unit": "card", "value": "card", "previous_value": "card", "change": "card", "change_pct": "card",
    "year_ago_value": "card", "year_change": "card", "year_change_pct": "card", "healthy_low": "card",
    "low_is_exclusive": "card", "healthy_high": "card", "high_is_exclusive": "card", "status": "card",
    "is_provisional": "card",
}  # fmt: skip
SCORECARD_COLUMNS = list(_SOURCES)


@dataclass(frozen=True)
class Entry:
    """One line of the scorecard: its values in SCORECARD_COLUMNS, and its period as people write it."""

    row: tuple[Any, ...]
    period: str

    def __getitem__(self, column: str) -> Any:
        return self.row[SCORECARD_COLUMNS.index(column)]

    @property
    def heading(self) -> str:
        """What the line stands under: its goal, else its theme."""
        return self["goal"] or f"Other: {self['theme']}"

    @property
    def healthy(self) -> str:
        """The healthy range in words."""
        return healthy_range(
            self["healthy_low"],
            self["healthy_high"],
            self["unit"],
            low_is_exclusive=self["low_is_exclusive"],
            high_is_exclusive=self["high_is_exclusive"],
        )


def last_scorecard(warehouse: Warehouse, grain: str) -> list[Entry]:
    """The primary measure of every KPI in the last complete period of a grain: goals first, then by theme.

    A goal stands where its first KPI does. A KPI of two goals has a line in each.
    """
    ((start,),) = warehouse.rows("select max(period_start) from kpi_scorecard where grain = ?", [grain])
    return scorecard(warehouse, grain, start, "measures.position = 1")


def scorecard(warehouse: Warehouse, grain: str, period_start: date | None, condition: str = "true") -> list[Entry]:
    """The measures of every KPI in one complete period, goals first; of those a condition takes."""
    calendar = warehouse.settings().calendar
    columns = ", ".join(f"{source}.{name}" for name, source in _SOURCES.items())
    # By a column of its own, for Spark orders by no window.
    rows = warehouse.rows(
        f"with lines as (select {columns}, measures.position as measure_position,"
        " min(card.goal_position) over (partition by card.goal) as first_position from kpi_scorecard as card"
        " inner join kpi_catalog as catalog on card.kpi_id = catalog.kpi_id"
        " inner join kpi_measures as measures on card.kpi_id = measures.kpi_id"
        " and card.measure = measures.measure"
        f" where card.grain = ? and card.period_start = ? and {condition})"
        f" select {', '.join(SCORECARD_COLUMNS)} from lines order by first_position nulls last, goal_position,"
        " case when goal is null then theme end, number nulls first, kpi_id, measure_position",
        [grain, period_start],
    )
    start = SCORECARD_COLUMNS.index("period_start")
    return [Entry(row, period_text(grain, row[start], row[start + 1], calendar)) for row in rows]


def shown(entries: Sequence[Entry]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The scorecard as people read it: columns and rows of text, each goal and theme under a heading of its own."""
    columns = ["#", "KPI", "value", "before", "change", "year ago", "change ", "healthy", "status"]
    rows: list[tuple[str, ...]] = []
    for heading, lines in groupby(entries, key=lambda entry: entry.heading):
        if rows:
            rows.append(("",) * len(columns))
        rows.append(("", heading, *("",) * (len(columns) - 2)))
        rows.extend(_line(entry) for entry in lines)
    return columns, rows


def _line(entry: Entry) -> tuple[str, ...]:
    """One KPI of the scorecard as people read it."""
    return (
        str(entry["number"]) if entry["number"] is not None else "",
        "  " + entry["title"],
        display(entry["value"], entry["unit"]) + (" *" if entry["is_provisional"] else ""),
        display(entry["previous_value"], entry["unit"]),
        change_text(entry, ""),
        display(entry["year_ago_value"], entry["unit"]),
        change_text(entry, "year_"),
        entry.healthy,
        entry["status"].replace("_", " "),
    )


def change_text(entry: Entry, prefix: str) -> str:
    """A change against another period: in percentage points for percentages, else relative."""
    in_points = entry["unit"] == "percent"
    fraction = entry[f"{prefix}change" if in_points else f"{prefix}change_pct"]
    if fraction is None:
        return "-"
    text = display(fraction, "percent")
    return ("+" if fraction > 0 else "") + (text.replace("%", "pp") if in_points else text)
