"""Times the roll-up of a dozen KPIs on a built warehouse against SQL written by hand for each.

The SQL by hand (by_hand/<kpi>.sql) reads the marts and the calendar, uses no macro, and knows its one KPI; it must give
the very rows that the model gives. Both are asked in turn, in one process, so a noisy moment of the machine meets both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
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
    """Seconds of the rounds of a KPI's roll-up: as the model does it, and by hand; and how many figures both gave."""

    kpi_id: str
    figures: int
    by_model: Sequence[float]
    by_hand: Sequence[float]

    @property
    def medians(self) -> tuple[float, float]:
        """The median seconds by the model and by hand."""
        return statistics.median(self.by_model), statistics.median(self.by_hand)


def measured(path: Path, kpis: Sequence[str] = tuple(KPIS), rounds: int = ROUNDS) -> list[Times]:
    """The times of every KPI on a warehouse. Raises AssertionError where a KPI by hand has other figures."""
    with Warehouse(path) as warehouse:
        return [_times(kpi_id, warehouse, rounds) for kpi_id in kpis]


def _times(kpi_id: str, warehouse: Warehouse, rounds: int) -> Times:
    ways = (by_model(kpi_id, warehouse), by_hand(kpi_id, warehouse))
    figures = assert_same(kpi_id, warehouse)
    seconds = [[_seconds(way) for way in ways] for _ in range(rounds)]
    first, second = zip(*seconds, strict=True)
    return Times(kpi_id, figures, first, second)


def by_model(kpi_id: str, warehouse: Warehouse) -> Callable[[], None]:
    """What makes the table modelled_figures, once it has been called: the statements of the materialization."""
    ((sql,),) = warehouse.rows(f"select compiled_sql from compiled_models where model_name = {text_literal(kpi_id)}")
    before, rest = sql.split(ROWS_BEGIN)
    rows, after = rest.split(ROWS_END)
    return lambda: _execute(
        warehouse,
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


def by_hand(kpi_id: str, warehouse: Warehouse) -> Callable[[], None]:
    """What makes the table written_figures, once it has been called: one statement over the marts."""
    sql = (BY_HAND / f"{kpi_id}.sql").read_text(encoding="utf-8")
    return lambda: _execute(warehouse, f"create or replace temp table written_figures as {sql}")


def _execute(warehouse: Warehouse, *statements: str) -> None:
    for statement in statements:
        warehouse.rows(statement)


def _seconds(way: Callable[[], object]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def assert_same(kpi_id: str, warehouse: Warehouse) -> int:
    """How many figures a KPI has. Raises AssertionError where it has others by hand.

    Rows, counts and decimals must be the same exactly, values within what doubles can.
    """
    by_model(kpi_id, warehouse)()
    by_hand(kpi_id, warehouse)()
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
    """The table of the page: seconds and their ratio, the sums at its end."""
    table = [
        "| KPI | basis | figures | by the model, s | by hand, s | model ÷ hand |",
        "|---|---|---|---|---|---|",
    ]
    for each in times:
        modelled, written = each.medians
        table.append(
            f"| {each.kpi_id} | {KPIS[each.kpi_id]} | {each.figures:,} | {modelled:.3f} | {written:.3f}"
            f" | {modelled / written:.2f} |"
        )
    modelled, written = (sum(seconds) for seconds in zip(*(each.medians for each in times), strict=True))
    figures = sum(each.figures for each in times)
    table.append(f"| all {len(times)} | | {figures:,} | {modelled:.3f} | {written:.3f} | {modelled / written:.2f} |")
    return table
