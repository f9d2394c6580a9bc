"""Times the answers of a built warehouse: from the grid, from the rows, and by SQL written for the one question.

All three are asked in turn, in one process, and must give the same figures; so a noisy moment of the machine meets
all of them, and the ratios are those of the same work.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_runner.periods import parse_period
from kpi_runner.query import Request, answer, asked_of
from kpi_runner.rollup import figures_sql
from kpi_runner.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 25

#: Figures are equal where they differ by no more than doubles do.
SAME = 1e-9


@dataclass(frozen=True)
class Query:
    """A question, and SQL over the marts that gives its measure, period's start, slice and value."""

    kpi_id: str
    measure: str
    dimensions: tuple[str, ...]
    by_hand: str

    @property
    def text(self) -> str:
        """The question as the page has it."""
        return f"{self.kpi_id} by month and {' and '.join(self.dimensions)}, a year"


_REVENUE = """
    select cast(date_trunc('month', closed_on) as date), {slices}, cast(sum(amount) as double)
    from fct_deals where state = 'won' and closed_on >= date '2025-01-01' and closed_on < date '2026-01-01'
    group by all
"""
_OPENS = """
    select
        cast(date_trunc('month', sent_on) as date), {slices},
        count(case when first_opened_at < settings.as_of then 1 end) / nullif(count(*), 0)
    from fct_emails cross join run_settings as settings
    where is_visible and delivered_at < settings.as_of and sent_on >= date '2025-01-01' and sent_on < date '2026-01-01'
    group by all
"""
QUERIES = (
    Query("revenue", "revenue", ("team",), _REVENUE.format(slices="team")),
    Query("revenue", "revenue", ("team", "channel"), _REVENUE.format(slices="team, channel")),
    Query("email_open_rate", "open_rate", ("email_type", "campaign"), _OPENS.format(slices="email_type, campaign")),
)


@dataclass(frozen=True)
class Times:
    """Seconds of a question: the median and the 95th percentile of each way that answers it."""

    query: Query
    answered: Sequence[float]
    from_rows: Sequence[float]
    by_hand: Sequence[float]
    is_in_grid: bool


def measured(path: Path) -> list[Times]:
    """The times of every query on a warehouse. Raises AssertionError where two ways give different figures."""
    with Warehouse(path) as warehouse:
        return [_times(query, warehouse) for query in QUERIES]


def _times(query: Query, warehouse: Warehouse) -> Times:
    settings = warehouse.settings()
    period = parse_period("2025", settings.calendar)
    request = Request([query.kpi_id], period, "month", query.dimensions, measures=[query.measure])

    def answered() -> dict[tuple[Any, ...], float]:
        result = answer(request, warehouse, settings, ROOT)
        places = [result.columns.index(name) for name in ("period_start", *query.dimensions)]
        value = result.columns.index("value")
        return {tuple(row[place] for place in places): row[value] for row in result.rows}

    def from_rows() -> dict[tuple[Any, ...], float]:
        (asked,) = asked_of(request, warehouse, settings, [])
        found = warehouse.rows(figures_sql(asked.question, ROOT, settings.calendar, settings.cohort_window_days))
        last = 3 + len(query.dimensions)
        return {(row[1], *row[3:last]): row[last + 2] for row in found}

    def by_hand() -> dict[tuple[Any, ...], float]:
        return {row[:-1]: row[-1] for row in warehouse.rows(query.by_hand)}

    ways = (answered, from_rows, by_hand)
    _assert_same(query, *(way() for way in ways))
    rounds = [[_seconds(way) for way in ways] for _ in range(ROUNDS)]
    sources = answer(request, warehouse, settings, ROOT).sources
    first, second, third = zip(*rounds, strict=True)
    return Times(query, first, second, third, sources[0].from_grid)


def _seconds(way: Callable[[], object]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def _assert_same(query: Query, *answers: dict[tuple[Any, ...], float]) -> None:
    first, *others = answers
    for other in others:
        assert first.keys() == other.keys(), query.text
        wrong = [key for key, value in first.items() if abs(value - other[key]) > SAME * abs(value)]
        assert not wrong, f"{query.text}: {wrong[:3]}"


def lines(times: Sequence[Times]) -> list[str]:
    """The table of the page: milliseconds, and ratios to the SQL written by hand."""
    table = [
        "| question | answered from | median, ms | 95th percentile | rolled up from rows | by hand | rows ÷ hand |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in times:
        answered, from_rows, by_hand = (
            statistics.median(way) * 1000 for way in (each.answered, each.from_rows, each.by_hand)
        )
        slowest = statistics.quantiles(each.answered, n=20)[-1] * 1000
        source = "the grid" if each.is_in_grid else "rows"
        table.append(
            f"| {each.query.text} | {source} | {answered:.0f} | {slowest:.0f} | {from_rows:.0f} | {by_hand:.0f}"
            f" | {from_rows / by_hand:.1f} |"
        )
    return table
