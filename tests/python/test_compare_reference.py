"""The elapsed part of another period, against the reference: rows and outcomes as they were known at a moment.

The layer is built as of one instant, and asked for the periods that hold an earlier one, up to that. The reference
works out the same periods as of the earlier instant, from the delivered rows alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import assume, given

from kpi_runner.clock import as_of_local, utc_of_local, week_start_number
from kpi_runner.periods import Calendar, Slot, grain_start, next_start
from kpi_runner.rollup import Moment, Question, figures_sql
from tests.python.harness import ROOT, Layer, compile_layer, delivering, on_companies
from tests.python.reference.clock import Clock
from tests.python.reference.company import COLUMNS, Company, Row, Settings
from tests.python.reference.figures import Figure, Key, figures
from tests.python.reference.money import MissingRate
from tests.python.reference.strategies import SETTINGS, companies
from tests.python.scope import ALL, in_ci
from tests.python.test_reference import differences

#: Settings by their place in SETTINGS, and how long before their as-of the moment is: whole days, and parts of one.
VARIANTS = [(0, timedelta(days=20)), (2, timedelta(days=40, hours=5)), (3, timedelta(days=9, minutes=1))]
GRAINS = ("day", "week", "month", "fiscal_year")

#: So many companies are asked everything in turns: each of them a part of it.
TURNS = 4
EXAMPLES = int(os.environ.get("KPI_EXAMPLES", TURNS if ALL else 2))

#: Slices by what an account bought first show what is known of it now.
OF_FIRST_PURCHASES = ("customer_lifetime_value", "channel")


#: KPI, grain, the start of a period, dimension.
Place = tuple[str, str, date, str]


class Instant(NamedTuple):
    """A moment by the company's clock and in UTC, and the calendar as of it."""

    local: datetime
    utc: datetime
    calendar: Calendar


class Asked(NamedTuple):
    """What is asked of every company: where, the measures that can be told, whether these are all, and the SQL."""

    place: Place
    told: frozenset[str]
    is_all_told: bool
    sql: str


@pytest.mark.parametrize(
    ("number", "back"), [VARIANTS[0], *(pytest.param(*variant, marks=in_ci) for variant in VARIANTS[1:])]
)
def test_what_was_known_then_agrees_with_the_reference(number: int, back: timedelta, tmp_path: Path) -> None:
    variant = SETTINGS[number]
    layer = compile_layer(variant, tuple(COLUMNS), tmp_path)
    local = as_of_local(variant.as_of, variant.timezone) - back
    utc = utc_of_local(local, variant.timezone)
    then = replace(variant, as_of=f"{utc.isoformat()}Z", days="all")
    calendar = Calendar(local, week_start_number(variant.week_start), variant.fiscal_year_start_month)
    asked: list[Asked] = []
    turns: dict[str, int] = {}

    @on_companies(EXAMPLES)
    @given(companies(variant.as_of))
    def agree(company: Company) -> None:
        whole = settled(delivering(company, tuple(COLUMNS)), then)
        with built(layer, whole, then) as connection:
            expected = by_place(figures(whole, then, GRAINS, calendar.last_day))
            if not asked:
                asked.extend(questions(connection, layer.specs, Instant(local, utc, calendar), variant))
            turn = turns.setdefault(repr(whole), len(turns) % TURNS)  # The same where one comes again.
            for question in asked[turn::TURNS]:
                assert_known(connection, question, expected.get(question.place, {}))

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


def by_place(expected: dict[Key, Figure]) -> dict[Place, dict[Key, Figure]]:
    """Figures by their KPI, grain, the start of their period, and dimension."""
    found: dict[Place, dict[Key, Figure]] = {}
    for key, figure in expected.items():
        found.setdefault((key.kpi_id, key.grain, key.period_start, key.dimension), {})[key] = figure
    return found


def questions(
    connection: duckdb.DuckDBPyConnection, specs: dict[str, dict[str, Any]], moment: Instant, variant: Settings
) -> Iterator[Asked]:
    """The total of every KPI and the slices of one of its dimensions, in the periods that hold the moment."""
    midnight = datetime.combine(moment.local, datetime.min.time())
    for kpi_id, spec in specs.items():
        columns = [name for name, *_ in connection.execute(f"describe {kpi_id}__rows").fetchall()]
        known = Moment(moment.local, moment.utc, columns)
        told = {
            name: measure
            for name, measure in spec["measures"].items()
            if moment.local == midnight or not measure.get("by_day")
        }
        if not told:
            continue  # Each of its measures is by the day alone, and so refused at a moment within one.
        dimensions = [
            name
            for name in spec["dimensions"]
            if name not in (spec.get("undated") or ()) and (kpi_id, name) != OF_FIRST_PURCHASES
        ]
        for number, grain in enumerate(spec.get("grains") or GRAINS):
            if grain not in GRAINS:
                continue
            start = grain_start(moment.calendar.last_day, grain, moment.calendar)
            slots = [Slot(start, next_start(start, grain))]
            one = dimensions[number % len(dimensions) :][:1] if dimensions else []
            for dimension in ("total", *one):
                by = [] if dimension == "total" else [dimension]
                question = Question(kpi_id, spec | {"measures": told}, grain, slots, by, None, known)
                sql = figures_sql(question, ROOT, moment.calendar, variant.cohort_window_days)
                is_all_told = len(told) == len(spec["measures"])
                yield Asked((kpi_id, grain, start, dimension), frozenset(told), is_all_told, sql)


def assert_known(connection: duckdb.DuckDBPyConnection, asked: Asked, expected: dict[Key, Figure]) -> None:
    """What is answered is what the reference expects at this place."""
    kpi_id, grain, _, dimension = asked.place
    found = {}
    for measure, begins, ends, *rest in connection.execute(asked.sql).fetchall():
        value, *figure = ("total", *rest) if dimension == "total" else rest
        found[Key(kpi_id, measure, grain, begins, ends, dimension, value)] = (*figure, True)  # It is asked for.
    told = {
        key: figure
        for key, figure in expected.items()
        if key.measure in asked.told
        # Rows of a measure that is not told make no slices; those that hold nothing else have nothing to say.
        and (key in found or figure.row_count or asked.is_all_told)
    }
    wrong = differences(told, found)
    assert not wrong, f"{len(wrong)} figures differ, first of them: {wrong[:3]}"
