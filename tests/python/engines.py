"""Whether two engines give the same: summaries, and figures, DuckDB's and those that another has written to a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from kpi_runner.files import COLUMN_TYPES
from tests.python.conftest import FIGURE_COLUMNS, Result

#: How far two engines' quotients may lie apart, relative to their size.
TOLERANCE = 1e-9

#: What tells a figure from all others.
KEY = "kpi_id, measure, grain, period_start, period_end, dimension, dimension_value"

#: Measures whose numerators are sums of quotients: of hours, relative prices, margins of products, and quotas.
SUMS_OF_QUOTIENTS = ("mean_hours", "price_premium", "mean_product_margin", "mean_attainment")

_EQUAL = ("row_count", "is_complete", "is_provisional", "denominator")


def other_figures(warehouse: Path, figures: Path, kpis: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """A few of the figures that just one has, or that differ: each with its key, then both numerators and values.

    `figures` has FIGURE_COLUMNS of every row of kpi_values, a header, and nothing for null. Counts, money and marks
    must be equal, quotients within TOLERANCE. Of some KPIs alone, where these are named.
    """
    columns = {name: COLUMN_TYPES.get(name, "varchar") for name in FIGURE_COLUMNS.split(", ")}
    equal = " and ".join(f"ours.{name} is not distinct from theirs.{name}" for name in _EQUAL)
    of_kpis = f" where kpi_id in {(*kpis, '')}" if kpis else ""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute(
            f"create temp table theirs as from read_csv('{figures}', header = true, columns = {columns}, nullstr = '')"
            f"{of_kpis}"
        )
        return connection.execute(
            f"select {KEY}, ours.numerator, theirs.numerator, ours.value, theirs.value from"
            f" (select {FIGURE_COLUMNS} from kpi_values{of_kpis}) as ours full join theirs using ({KEY})"
            f" where ours.row_count is null <> theirs.row_count is null or not ({equal} and ({_near('value')})"
            f" and (ours.numerator is not distinct from theirs.numerator"
            f" or measure in {SUMS_OF_QUOTIENTS} and {_near('numerator')})) limit 5"
        ).fetchall()


def _near(column: str) -> str:
    ours, theirs = (f"cast({side}.{column} as double)" for side in ("ours", "theirs"))
    return (
        f"({ours} is null and {theirs} is null or coalesce(abs({ours} - {theirs}) <= {TOLERANCE} * abs({ours}), false))"
    )


def without_seconds(result: Result) -> Any:
    """A run's summary, which was asked for as JSON; how long it took is another thing each time."""
    summary = json.loads(result.stdout)
    kpis = [{name: value for name, value in kpi.items() if name != "seconds"} for kpi in summary["kpis"]]
    return kpis, summary["entities"]
