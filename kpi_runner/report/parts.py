"""What the report is made of: goals and themes, the KPIs in them, their figures, charts and tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from markupsafe import Markup

from kpi_runner.report.spans import Span
from kpi_runner.warehouse import Kpi

#: Status → the words for it, and its sign: colour alone says nothing to those who do not see it.
STATUSES = {
    "ok": ("healthy", "✓"),
    "low": ("below its range", "▼"),
    "high": ("above its range", "▲"),
    "provisional": ("not judged yet", "…"),
    "no_target": ("no range set", "·"),
    "no_data": ("no figure", "-"),
    "unavailable": ("not available", "-"),
    "not_built": ("not built", "-"),
}


@dataclass(frozen=True)
class Cell:
    """A figure: as people read it, and with all its digits (empty where there is none)."""

    text: str
    exact: str


@dataclass(frozen=True)
class Change:
    """A change against another period; `tone` says whether it is `good`, `bad` or neither."""

    text: str
    tone: str


@dataclass(frozen=True)
class Line:
    """A measure in the report's period, beside the period before and a year ago."""

    measure: str
    name: str
    value: Cell
    previous: Cell
    change: Change
    year_ago: Cell
    year_change: Change
    healthy: str
    status: str
    is_provisional: bool

    @property
    def status_words(self) -> str:
        """The status in words."""
        return STATUSES[self.status][0]

    @property
    def status_sign(self) -> str:
        """The status as a sign."""
        return STATUSES[self.status][1]


@dataclass(frozen=True)
class Chart:
    """A chart with its caption."""

    caption: str
    svg: Markup


@dataclass(frozen=True)
class Table:
    """Figures of measures by a grain or a dimension; `left_out` says how many rows are not in it."""

    by: str
    measures: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    left_out: int = 0

    @property
    def caption(self) -> str:
        """What the table shows."""
        return f"by {spoken(self.by)}"


@dataclass(frozen=True)
class Section:
    """A KPI in the report; `missing` says what an unavailable one lacks."""

    kpi: Kpi
    line: Line
    lines: tuple[Line, ...]
    spark: Markup | None
    missing: str
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Group:
    """A goal or a theme, with its KPIs."""

    title: str
    anchor: str
    sections: tuple[Section, ...]

    def count(self, *statuses: str) -> int:
        """How many of its KPIs have one of the statuses."""
        return sum(section.line.status in statuses for section in self.sections)


@dataclass(frozen=True)
class Report:
    """The whole report."""

    span: Span
    previous: str
    year_ago: str
    as_of: str
    timezone: str
    currency: str
    sources: str
    goals: tuple[Group, ...]
    themes: tuple[Group, ...]
    sections: tuple[Section, ...] = field(default=())

    @property
    def last_day(self) -> date:
        """The last day of the report's period."""
        return self.span.end - timedelta(days=1)

    def count(self, *statuses: str) -> int:
        """How many KPIs have one of the statuses."""
        return sum(section.line.status in statuses for section in self.sections)

    def outside(self) -> list[Section]:
        """The KPIs that are outside their healthy range."""
        return [section for section in self.sections if section.line.status in ("low", "high")]


def spoken(name: str) -> str:
    """A name of the catalog in words."""
    return name.replace("_", " ")
