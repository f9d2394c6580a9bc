"""The elapsed part of another period, against the reference: rows and outcomes as they were known at a moment.

The layer is built as of one instant, and asked for the periods that hold an earlier one, up to that. The reference
works out the same periods as of the earlier instant, from the delivered rows alone.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import assume, given

from kpi_runner.clock import as_of_local, utc_of_local, week_start_number
from kpi_runner.periods import Calendar, Slot, grain_start, next_start
from kpi_runner.rollup import Moment, Question, figures_sql
from tests.python.harness import ROOT, Layer, compile_layer, delivering, kpi_specs, on_companies
from tests.python.reference.clock import Clock
from tests.python.reference.company import COLUMNS, Company, Row, Settings
from tests.python.reference.figures import Figure, Key, figures
from tests.python.reference.money import MissingRate
from tests.python.reference.strategies import SETTINGS, companies
from tests.python.test_reference import differences

#: Settings by their place in SETTINGS, and how long before their as-of the moment is: whole days, and parts of one.
VARIANTS = [(0, timedelta(days=20)), (2, timedelta(days=40, hours=5)), (3, timedelta(days=9, minutes=1))]
GRAINS = ("day", "week", "month", "fiscal_year")

EXAMPLES = int(os.environ.get("KPI_EXAMPLES", "4"))

#: Slices by what an account bought first show what is known of it now.
OF_FIRST_PURCHASES = ("customer_lifetime_value", "channel")


@pytest.mark.parametrize(("number", "back"), VARIANTS)
def test_what_was_known_then_agrees_with_the_reference(number: int, back: timedelta, tmp_path: Path) -> None:
    variant = SETTINGS[number]
    layer = compile_layer(variant, tuple(COLUMNS), tmp_path)
    specs = kpi_specs(tmp_path)
    local = as_of_local(variant.as_of, variant.timezone) - back
    utc = utc_of_local(local, variant.timezone)
    then = replace(variant, as_of=f"{utc.isoformat()}Z", day_slices=True)

    @on_companies(EXAMPLES)
    @given(companies(variant.as_of))
    def agree(company: Company) -> None:
        whole = settled(delivering(company, tuple(COLUMNS)), then)
        connection = built(layer, whole, then)
        calendar = Calendar(local, week_start_number(variant.week_start), variant.fiscal_year_start_month)
        expected = figures(whole, then, GRAINS, calendar.last_day)
        for kpi_id, spec in specs.items():
            for place, grain in enumerate(spec.get("grains") or GRAINS):
                if grain in GRAINS:
                    assert_known(connection, kpi_id, spec, grain, place, (local, utc, calendar, variant), expected)
        connection.close()

    agree()


def built(layer: Layer, company: Company, then: Settings) -> duckdb.DuckDBPyConnection:
    """The layer on the company's rows; a company that lacks an exchange rate is passed over."""
    try:
        figures(company, then, grains=())
        return layer.build(company)
    except (MissingRate, duckdb.Error):
        assume(False)
        raise


def settled(company: Company, then: Settings) -> Company:
    """The company without what the earlier instant could not know otherwise: deals and leads that were created later,
    changes of a deal's stage after its first end (a deal that is opened again counts as what it is now), and the
    days of refunds (a line's revenue is net of what is refunded by now)."""
    clock = Clock(then)
    ends = {row["stage"] for row in company["stages"] if row["outcome"] in ("won", "lost")}
    ends |= {row["stage"] for row in company["deals"] if row["outcome"] in ("won", "lost")}
    changes: list[Row] = []
    ended: set[str | None] = set()
    for row in sorted(company["deal_stage_changes"], key=lambda row: instant(row["entered_at"], clock)):
        if row["deal_id"] not in ended:
            changes.append(row)
        if row["stage"] in ends:
            ended.add(row["deal_id"])
    return company | {
        "deals": [row for row in company["deals"] if clock.visible(instant(row["created_at"], clock))],
        "leads": [row for row in company["leads"] if clock.visible(instant(row["created_at"], clock))],
        "deal_stage_changes": changes,
        "order_lines": [row | {"refunded_at": None} for row in company["order_lines"]],
    }


def instant(text: str | None, clock: Clock) -> datetime:
    """When a row says that it happened; long ago where that cannot be read, since such a row is rejected."""
    return clock.parse_instant((text or "").strip()) or datetime.min.replace(tzinfo=UTC)


def assert_known(
    connection: duckdb.DuckDBPyConnection,
    kpi_id: str,
    spec: dict[str, Any],
    grain: str,
    place: int,
    moment: tuple[datetime, datetime, Calendar, Settings],
    expected: dict[Key, Figure],
) -> None:
    """The total of a KPI and the slices of one of its dimensions, in the period that holds the moment."""
    local, utc, calendar, variant = moment
    start = grain_start(calendar.last_day, grain, calendar)
    slot = Slot(start, next_start(start, grain))
    columns = [name for name, *_ in connection.execute(f"describe {kpi_id}__rows").fetchall()]
    known = Moment(local, utc, columns)
    told = {
        name: measure
        for name, measure in spec["measures"].items()
        if local == datetime.combine(local, datetime.min.time()) or not measure.get("by_day")
    }
    if not told:
        return  # Each of its measures is by the day alone, and so refused at a moment within one.
    dimensions = [
        name
        for name in spec["dimensions"]
        if name not in (spec.get("undated") or ()) and (kpi_id, name) != OF_FIRST_PURCHASES
    ]
    for dimension in ("total", *dimensions[place % len(dimensions) :][:1]) if dimensions else ("total",):
        by = [] if dimension == "total" else [dimension]
        question = Question(kpi_id, spec | {"measures": told}, grain, [slot], by, None, known)
        found = {}
        for measure, begins, ends, *rest in connection.execute(
            figures_sql(question, ROOT, calendar, variant.cohort_window_days)
        ).fetchall():
            value, *figure = rest if by else ("total", *rest)
            found[Key(kpi_id, measure, grain, begins, ends, dimension, value)] = (*figure, True)  # It is asked for.
        given_by_reference = {
            key: figure
            for key, figure in expected.items()
            if (key.kpi_id, key.grain, key.period_start, key.dimension) == (kpi_id, grain, start, dimension)
            and key.measure in told
            # Rows of a measure that is not told make no slices; those that hold nothing else have nothing to say.
            and (key in found or figure.row_count or len(told) == len(spec["measures"]))
        }
        wrong = differences(given_by_reference, found)
        assert not wrong, f"{len(wrong)} figures differ, first of them: {wrong[:3]}"
