"""What has changed since figures were published, as `kpi diff` says it: figures, and the rows behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kpi_runner.compare import change, relative_change
from kpi_runner.published import FIGURE_KEYS, FIGURE_PARTS, Publication, State
from kpi_runner.render import plain

#: What a row can have done behind a figure: one that changed may also have come into its slice or period, or left it.
ROW_STATUSES = ("arrived", "changed", "vanished")

COLUMNS = [
    *FIGURE_KEYS, "status", "cause", "old_value", "new_value", "change", "change_pct",
    "old_numerator", "new_numerator", "old_denominator", "new_denominator", "old_row_count", "new_row_count",
    "rows_arrived", "rows_changed", "rows_vanished", "rows",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row of a KPI that arrived, changed or vanished behind a figure; `old` and `new` are the columns that differ."""

    kpi_id: str
    status: str
    key: Mapping[str, Any]
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    figures: int

    @property
    def name(self) -> str:
        """The row as a person finds it: `deal_id=d7`."""
        parts = [f"{name}={plain(value)}" for name, value in self.key.items() if value is not None]
        return " ".join(part for part in parts if not part.startswith("source_system=") or len(parts) == 1)


@dataclass(frozen=True, slots=True)
class ChangedFigure:
    """A figure that is not as it was published; `parts` are its FIGURE_PARTS then and now."""

    keys: tuple[Any, ...]
    old: tuple[Any, ...]
    new: tuple[Any, ...]
    status: str
    causes: tuple[str, ...]
    counts: Mapping[str, int]
    rows: tuple[ChangedRow, ...]
    unit: str | None

    @property
    def values(self) -> tuple[float | None, float | None]:
        """The value then and now."""
        place = FIGURE_PARTS.index("value")
        return self.old[place], self.new[place]

    @property
    def change(self) -> Decimal | None:
        """By how much the value has changed."""
        old, new = self.values
        return change(new, old)

    @property
    def change_pct(self) -> Decimal | None:
        """The change ÷ the old value's size, to 12 digits."""
        old, new = self.values
        share = relative_change(new, old)
        return None if share is None else Decimal(f"{share:.12g}")

    def row(self) -> tuple[Any, ...]:
        """The figure in COLUMNS."""
        parts = dict(zip(FIGURE_PARTS, zip(self.old, self.new, strict=True), strict=True))
        return (
            *self.keys, self.status, ", ".join(self.causes), *parts["value"], self.change, self.change_pct,
            *parts["numerator"], *parts["denominator"], *parts["row_count"],
            *(self.counts.get(status, 0) for status in ROW_STATUSES),
            [{"status": row.status} | dict(row.key) for row in self.rows],
        )  # fmt: skip


@dataclass(frozen=True)
class KpiDifference:
    """The figures of one KPI that have changed, the rows that are named behind them, and how many there are in all."""

    kpi_id: str
    figures: Sequence[ChangedFigure]
    rows: Sequence[ChangedRow]
    row_count: int


@dataclass(frozen=True)
class Difference:
    """What has changed since a publication.

    `changes` say in what the two differ beside the figures, `notes` what was not compared; `compared` is how many of
    the published figures were. `kpis` gives the KPIs with figures that have changed, one after the other, while the
    warehouse is open: a changed setting can change millions of figures, which nobody needs to hold at once.
    """

    publication: Publication
    state: State
    changes: Sequence[str]
    notes: Sequence[str]
    compared: int
    kpis: Iterator[KpiDifference]
