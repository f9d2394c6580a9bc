"""Times the roll-up of a dozen KPIs on a built warehouse against SQL written by hand for each.

The SQL by hand (by_hand/<kpi>.sql) reads the marts and the calendar, uses no macro, and knows its one KPI; it must give
the very figures that the model gives, but keeps no rows, from which queries and drills are answered. All is asked in
turn, in one process, so a noisy moment of the machine meets all of it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kpi_runner.lineage import ROWS_BEGIN, ROWS_END
from kpi_runner.sql import text_literal
from kpi_runner.warehouse import Warehouse

BY_HAND = Path(__file__).with_name("by_hand")
ROUNDS = 7

#: Values are equal where they differ by no more than doubles do.
SAME = 1e-9

#: The KPIs that are written by hand, and what they stand for: of every basis and of every way to sum up.
KPIS = {
    "revenue": "flow, a sum",
    "win_rate": "flow, ratios",
    "sales_cycle": "flow, percentiles",
    "deals_by_channel": "flow, a share",
    "sales_growth": "flow, compared periods",
    "session_value": "flow, most rows",
    "pixel_events": "flow, distinct subjects",
    "email_open_rate": "cohort, ratios",
    "lead_response_time": "cohort, percentiles",
    "open_pipeline": "as-of, states",
    "customer_retention": "as-of, spans",
    "pipeline_multiplier": "derived, states over flow",
}

_KEYS = "kpi_id, measure, grain, period_start, period_end, dimension, dimension_value"
_EXACT = ("numerator", "denominator", "row_count", "is_complete", "is_provisional")


@dataclass(frozen=True)
class Times:
    """Seconds of the rounds of a KPI: its rows kept as a table, these rolled up, and all of it by hand.

    `figures` is how many both gave.
    """

    kpi_id: str
    figures: int
    kept: Sequence[float]
    rolled_up: Sequence[float]
    by_hand: Sequence[float]

    @property
    def medians(self) -> tuple[float, float, float]:
        """The median seconds of rows kept, rolled up, and by hand."""
        return statistics.median(self.kept), statistics.median(self.rolled_up), statistics.median(self.by_hand)


def measured(path: Path, kpis: Sequence[str] = tuple(KPIS), rounds: int = ROUNDS) -> list[Times]:
    """The times of every KPI on a warehouse. Raises AssertionError where a KPI by hand has other figures."""
    with Warehouse(path) as warehouse:
        return [_times(kpi_id, warehouse, rounds) for kpi_id in kpis]


def _times(kpi_id: str, warehouse: Warehouse, rounds: int) -> Times:
    statements = (*by_model(kpi_id, warehouse), by_hand(kpi_id))
    for statement in statements:
        warehouse.rows(statement)
    figures = assert_same(kpi_id, warehouse)
    seconds = [[_seconds(statement, warehouse) for statement in statements] for _ in range(rounds)]
    return Times(kpi_id, figures, *zip(*seconds, strict=True))


def by_model(kpi_id: str, warehouse: Warehouse) -> tuple[str, str]:
    """What the materialization of a KPI does: SQL that keeps its rows, and SQL that makes modelled_figures of these."""
    ((sql,),) = warehouse.rows(f"select compiled_sql from compiled_models where model_name = {text_literal(kpi_id)}")
    before, rest = sql.split(ROWS_BEGIN)
    rows, after = rest.split(ROWS_END)
    return (
        f"create or replace temp table rows_of_kpi as {rows}",
        f"""
        create or replace temp table modelled_figures as
        select figures.*
        from ({before} select * from rows_of_kpi {after}) as figures
        inner join periods using (grain, period_start, period_end)
        where not exists (
            select 1 from unavailable_measures as unavailable
            where unavailable.kpi_id = figures.kpi_id and unavailable.measure = figures.measure
                and (unavailable.dimension is null or unavailable.dimension = figures.dimension)
        )
        """,
    )


def by_hand(kpi_id: str) -> str:
    """SQL over the marts that makes written_figures."""
    sql = (BY_HAND / f"{kpi_id}.sql").read_text(encoding="utf-8")
    return f"create or replace temp table written_figures as {sql}"


def _seconds(statement: str, warehouse: Warehouse) -> float:
    started = time.perf_counter()
    warehouse.rows(statement)
    return time.perf_counter() - started


def assert_same(kpi_id: str, warehouse: Warehouse) -> int:
    """How many figures a KPI has. Raises AssertionError where written_figures has others than modelled_figures.

    Rows, counts and decimals must be the same exactly, values within what doubles can.
    """
    differ = " or ".join(f"modelled.{name} is distinct from written.{name}" for name in _EXACT)
    wrong = warehouse.rows(
        f"""
        select {_KEYS}, modelled, written
        from modelled_figures as modelled
        full join written_figures as written using ({_KEYS})
        where modelled.kpi_id is null or written.kpi_id is null or {differ}
            or (modelled.value is null) <> (written.value is null)
            or abs(modelled.value - written.value) > {SAME} * abs(modelled.value)
        limit 3
        """
    )
    assert not wrong, f"{kpi_id}: {wrong}"
    counts = warehouse.rows("select count(*) from modelled_figures union all select count(*) from written_figures")
    assert counts[0] == counts[1], f"{kpi_id}: {counts}"
    return int(counts[0][0])


def lines(times: Sequence[Times]) -> list[str]:
    """The table of the page: seconds and their ratios, the sums at its end."""
    table = [
        "| KPI | basis | figures | rows kept, s | rolled up, s | by hand, s | roll-up ÷ hand | both ÷ hand |",
        "|---|---|---|---|---|---|---|---|",
    ]
    table += [_line(each.kpi_id, KPIS[each.kpi_id], each.figures, *each.medians) for each in times]
    sums = [sum(medians) for medians in zip(*(each.medians for each in times), strict=True)]
    return [*table, _line(f"all {len(times)}", "", sum(each.figures for each in times), *sums)]


def _line(name: str, basis: str, figures: int, kept: float, rolled_up: float, by_hand: float) -> str:
    return (
        f"| {name} | {basis} | {figures:,} | {kept:.3f} | {rolled_up:.3f} | {by_hand:.3f}"
        f" | {rolled_up / by_hand:.2f} | {(kept + rolled_up) / by_hand:.2f} |"
    )
