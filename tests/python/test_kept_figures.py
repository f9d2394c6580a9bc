"""A run that takes figures over from the one before it gives what a run from nothing gives, to the last byte."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from kpi_runner.macros import ROLLUP_FILES, compiled
from tests.python.conftest import AS_OF, FIGURE_COLUMNS, Built, Warehouse, small_company
from tests.python.harness import (
    DATABASE,
    ROOT,
    ROWS_BEGIN,
    ROWS_END,
    Layer,
    attach_empty,
    compile_layer,
    delivering,
    layer_vars,
    on_companies,
    project_read,
    putting,
    run_dbt,
    sql_of,
)
from tests.python.reference.company import COLUMNS, Company, Row, Settings, write_company
from tests.python.reference.sources import KEYS
from tests.python.reference.strategies import SETTINGS, companies
from tests.python.scope import in_ci
from tests.python.test_reference import KPIS, MISSING_RATE, sql_figures

BEFORE = "figures_before"
SHARED = ("periods", "compared_periods", "unavailable_measures", "kpi_figures")
PERIOD = ("grain", "period_start", "period_end", "is_asked")

#: So many companies see that every KPI has kept some figures and made others; fewer will do for another run before.
EXAMPLES = int(os.environ.get("KPI_EXAMPLES", 3))

#: By place in SETTINGS, what was other in the run before.
RUNS: dict[str, tuple[int, dict[str, Any]]] = {
    "the day before": (2, {"as_of": "2024-12-14T18:00:00"}),
    "the same day": (0, {}),
    "a later day": (3, {"as_of": "2024-12-15"}),
    "the end of a cohort": (6, {"as_of": "2024-10-31"}),
    "a whole year for a range": (13, {"asked": None}),
    "a range for a whole year": (11, {"asked": (date(2024, 1, 16), None)}),
}


@st.composite
def changed(draw: st.DrawFn, company: Company, other: Company) -> Company:
    """A company some time later: of a few entities, rows have gone, come (late ones, too) or changed."""
    chance: Random = draw(st.randoms(use_true_random=False))
    found = dict(company)
    for entity in COLUMNS:
        if chance.random() < 0.2:
            found[entity] = _changed_rows(entity, company.get(entity, []), other.get(entity, []), chance)
    return found


def _changed_rows(entity: str, rows: list[Row], others: list[Row], chance: Random) -> list[Row]:
    """The rows of an entity without some, and with some others, in place of those that have their key."""

    def key(row: Row) -> tuple[Any, ...]:
        return tuple(row.get(name) for name in KEYS[entity])

    come = [row for row in others if chance.random() < 0.3]
    replaced = {key(row) for row in come}
    return [row for row in rows if key(row) not in replaced and chance.random() < 0.9] + come


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=in_ci if other else ()) for name, (_, other) in RUNS.items()]
)
def test_what_is_kept_is_what_would_be_made(name: str, tmp_path: Path) -> None:
    number, other = RUNS[name]
    variant = SETTINGS[number]
    entities = tuple(COLUMNS)
    now = compile_layer(variant, entities, tmp_path / "now")
    before = compile_layer(replace(variant, **other), entities, tmp_path / "before") if other else now
    specs = now.specs
    taken_over: Counter[str] = Counter()
    made: Counter[str] = Counter()

    @on_companies(EXAMPLES if name == "the day before" else max(EXAMPLES - 1, 1))
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        company = delivering(data.draw(companies(variant.as_of)), entities)
        later = delivering(data.draw(changed(company, data.draw(companies(variant.as_of)))), entities)
        try:
            with now.build(later) as whole:
                expected = sql_figures(whole)
            connection = before.build(company)
        except duckdb.Error as error:
            assert MISSING_RATE in str(error)
            reject()
        with connection:
            set_aside(connection, specs)
            for kpi_id, (n_taken_over, n_made) in build_upon(now, later, connection, specs).items():
                taken_over[kpi_id] += n_taken_over
                made[kpi_id] += n_made
            found = sql_figures(connection)
            wrong = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
            assert not wrong, f"{len(wrong)} figures differ, first of them: {sorted(wrong)[:3]}"

    agree()
    assert set(+taken_over) >= (KPIS if name == "the day before" else {"revenue"})
    assert set(+made) >= (KPIS if name == "the day before" else {"revenue"})


@cache
def touching_macros() -> Any:
    """Those that say which periods are touched, compiled once."""
    return compiled(ROOT, (*ROLLUP_FILES, "kpi/touched.sql"), {})


def set_aside(connection: duckdb.DuckDBPyConnection, kpis: Mapping[str, Any]) -> None:
    """Keeps what a run can take over from the one that the connection has built, and makes place for another one."""
    connection.execute(f"attach ':memory:' as {BEFORE}")
    for table in (*SHARED, *(f"{kpi_id}__rows" for kpi_id in kpis)):
        connection.execute(f"create table {BEFORE}.main.{table} as from {DATABASE}.main.{table}")
    connection.execute(f"use {BEFORE}")
    connection.execute(f"detach {DATABASE}")
    attach_empty(connection)


def build_upon(
    layer: Layer, company: Company, connection: duckdb.DuckDBPyConnection, specs: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[int, int]]:
    """Builds what the materialization of KPIs builds where a run before is there.

    Returns, by KPI, how many figures were taken over and how many made.
    """
    layer.write(company)
    counts = {}
    for model in layer.models:
        if model[1] == "kpi":
            counts[model[2]] = _build_kpi(model[2], model[3], connection, specs[model[2]])
        else:
            for sql in sql_of(*model):
                connection.execute(sql)
    return counts


def _build_kpi(
    kpi_id: str, sql: str, connection: duckdb.DuckDBPyConnection, spec: Mapping[str, Any]
) -> tuple[int, int]:
    """See macros/kpi/kept_figures.sql, which dbt alone can render."""
    macros = touching_macros()
    head, rest = sql.split(ROWS_BEGIN)
    rows_sql, tail = rest.split(ROWS_END)
    connection.execute(f"create table {kpi_id}__rows as {rows_sql}")
    now, before = (
        {"rows": f"{place}{kpi_id}__rows", "periods": f"{place}periods", "windows": f"{place}compared_periods",
         "unavailable": f"{place}unavailable_measures"}
        for place in (f'"{DATABASE}"."main".', f"{BEFORE}.main.")
    )  # fmt: skip
    columns, marks = _columns(now["rows"], connection), _columns(now["periods"], connection)
    marks = [name for name in marks if name not in PERIOD]
    touched = f"{kpi_id}__touched"
    connection.execute(f"create table {touched} as {macros.touched_periods(kpi_id, spec, now, before, columns, marks)}")
    for name, relation in (("periods", '"periods"'), ("windows", '"compared_periods"')):
        part, whole = f"{touched}_{name}", f'"{DATABASE}"."main".{relation}'
        connection.execute(f"create table {part} as {macros.of_touched_periods(whole, touched)}")
        head, tail = head.replace(whole, part), tail.replace(whole, part)
    kept = macros.figures_taken_over(kpi_id, f"{BEFORE}.main.kpi_figures", touched, FIGURE_COLUMNS.split(", "))
    counts = []
    for figures in (kept, f"{head} select * from {kpi_id}__rows {tail}"):
        ((count,),) = connection.execute(putting(figures)).fetchall()
        counts.append(count)
    return counts[0], counts[1]


def _columns(relation: str, connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for name, *_ in connection.execute(f"describe {relation}").fetchall()]


# --- As a run does it

#: How a file of DuckDB is laid out, in bytes.
HEADERS, BLOCK = 3 * 4096, 262144

#: What is built of the small company, which has been built whole: events, states, and what is made of both.
SELECTED = ("--select", "won_deals,win_rate,open_pipeline,pipeline_velocity")

#: What a figure of the run before is changed to, which no run would make: where it is found again, it was taken over.
MARK = 123456789


def marked(warehouse: Warehouse) -> None:
    """Marks every figure of a warehouse."""
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(f"update kpi_figures set row_count = {MARK}")


def months(warehouse: Warehouse, kpi_id: str) -> dict[str, list[date]]:
    """The months whose figures a KPI has `kept` from a marked warehouse, and those whose figures it has `made`."""
    found = warehouse.rows(
        "select distinct period_start, row_count = ? from kpi_values where kpi_id = ? and grain = 'month' order by 1",
        [MARK, kpi_id],
    )
    return {name: [day for day, is_marked in found if is_marked == (name == "kept")] for name in ("kept", "made")}


def with_another_amount() -> Company:
    """The small company, where a deal that was lost in May had been about another amount."""
    company = small_company()
    (lost,) = [row for row in company["deals"] if row["deal_id"] == "d3"]
    assert str(lost["closed_at"]).startswith("2026-05")
    lost["amount"] = "800"
    return company


@pytest.fixture
def again(small: Built, tmp_path: Path) -> Warehouse:
    """A copy of the small company's warehouse, all of its figures marked."""
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.directory.mkdir()
    shutil.copy(small.warehouse.path, warehouse.path)
    marked(warehouse)
    return warehouse


def test_a_run_makes_the_figures_that_something_has_changed(again: Warehouse, small: Built, tmp_path: Path) -> None:
    """Another amount of a deal that was lost in May: May's wins and losses, and what was open from February on."""
    write_company(with_another_amount(), tmp_path / "data")
    run = ("run", "--data", str(tmp_path / "data"), "--as-of", AS_OF, *SELECTED)
    done = again.run(*run)
    assert done.exit_code == 0, done.stderr
    whole = Warehouse(tmp_path / "whole")
    assert whole.run(*run).exit_code == 0
    every = months(small.warehouse, "won_deals")["made"]
    assert months(again, "won_deals") == {"kept": every, "made": []}
    assert months(again, "win_rate")["made"] == [date(2026, 5, 1)]
    assert months(again, "open_pipeline")["made"] == [day for day in every if day >= date(2026, 2, 1)]
    made = f"select {FIGURE_COLUMNS} from kpi_values where row_count <> {MARK}"
    assert set(again.rows(made)) <= set(whole.rows(f"select {FIGURE_COLUMNS} from kpi_values"))


@pytest.mark.parametrize(
    "option", [("--set", "week_start=sunday"), pytest.param(("--set", "response_sla_hours=2"), marks=in_ci)]
)
def test_a_run_of_other_settings_takes_nothing_over(option: tuple[str, ...], again: Warehouse, tmp_path: Path) -> None:
    write_company(small_company(), tmp_path / "data")
    done = again.run("run", "--data", str(tmp_path / "data"), "--as-of", AS_OF, *SELECTED, *option)
    assert done.exit_code == 0, done.stderr
    assert again.rows(f"select count(*) from kpi_figures where row_count = {MARK}") == [(0,)]


def test_what_dbt_has_built_by_itself_is_not_taken_over(again: Warehouse, tmp_path: Path) -> None:
    """It may be of other code than the run before, which has said of which code its figures are."""
    shutil.copy(again.path, tmp_path / "kpi.duckdb")
    assert again.rows("select count(*) from run_version") == [(1,)]
    write_company(small_company(), tmp_path / "data")
    settings = layer_vars(Settings(AS_OF), tmp_path / "data")
    run_dbt("run", settings, tmp_path, "--select", "int_stages", read=project_read("subscriptions"))
    assert Warehouse(tmp_path).rows("select count(*) from duckdb_tables() where table_name = 'run_version'") == [(0,)]


def test_a_run_can_be_asked_for_every_figure(again: Warehouse, tmp_path: Path) -> None:
    write_company(small_company(), tmp_path / "data")
    done = again.run("run", "--data", str(tmp_path / "data"), "--as-of", AS_OF, *SELECTED, "--set", "incremental=false")
    assert done.exit_code == 0, done.stderr
    assert months(again, "won_deals")["kept"] == []


def test_a_damaged_warehouse_is_named(again: Warehouse, tmp_path: Path) -> None:
    """Not the new one, whose files are sound; and what to do."""
    blocks = "select min(block_id) from pragma_storage_info('kpi_figures') where persistent and block_id >= 0"
    ((block,),) = again.rows(blocks)
    with again.path.open("r+b") as file:
        file.seek(HEADERS + block * BLOCK + BLOCK // 2)
        file.write(bytes(range(64)))
    write_company(small_company(), tmp_path / "data")
    run = ("run", "--data", str(tmp_path / "data"), "--as-of", AS_OF, *SELECTED)
    done = again.run(*run)
    assert done.exit_code == 3
    assert "What is damaged is the warehouse of the run before: `--set incremental=false`" in done.stderr
    assert again.run(*run, "--set", "incremental=false").exit_code == 0


def test_rows_that_exchange_a_column_are_noticed() -> None:
    """The sum over two rows of one day is another one. (It was not, for 120 pairs of these, without the outer hash.)"""
    macros = touching_macros()

    def summed(first: str, second: str) -> str:
        hashes = (macros.content_hash([key, value]) for key, value in (("i", first), ("i + 1", second)))
        return " + ".join(f"cast({text} as hugeint)" for text in hashes)

    before, after = summed("112::bigint", "1589::bigint"), summed("1589::bigint", "112::bigint")
    with duckdb.connect() as connection:
        same = f"select count(*) from range(1000000) as rows (i) where {before} = {after}"
        assert connection.execute(same).fetchall() == [(0,)]
        without = same.replace("hash(hash(", "(hash(")
        assert connection.execute(without).fetchall() != [(0,)]
