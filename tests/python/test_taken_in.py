"""Large tables take in just what is new, and are what a run from nothing would make of the same files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from errno import ENOSPC
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from kpi_runner.workplace import FileWorkplace
from tests.python.conftest import AS_OF, Warehouse, small_company
from tests.python.harness import (
    DATABASE,
    compile_layer,
    delivering,
    layer_vars,
    on_companies,
    project_read,
    run_dbt,
)
from tests.python.reference.company import COLUMNS, Company, write_company
from tests.python.reference.strategies import SETTINGS, companies
from tests.python.scope import ALL, in_ci
from tests.python.test_kept_figures import changed
from tests.python.test_reference import MISSING_RATE

#: How many deliveries there are, each taken into what those before it have left.
DELIVERIES = int(os.environ.get("KPI_EXAMPLES", 8 if ALL else 4))

#: What is built of them: all entities, KPIs of events, states, spans and pairs, and the marts that these read.
KPIS = ("email_open_rate", "pixel_events", "visitor_to_lead_rate", "open_pipeline", "customer_retention")
SELECTED = ("stg_folder__*", "int_*__judged", *(f"+file:{kpi}.sql" for kpi in KPIS))

#: What is written into rows between two runs, and no run would write: where it is found again, the row was left.
MARKS = {"stg_": "_fingerprint = -1", "int_": "row_json = 'left'"}
MARKED = {"stg_": "true", "int_": "fate = 'kept'"}


def mark(model: str, relation: str) -> str:
    """SQL that marks the rows of a table, in a column that no other table of these is made of."""
    return f"update {relation} set {MARKS[model[:4]]} where {MARKED[model[:4]]}"


def contents(connection: duckdb.DuckDBPyConnection, model: str, relation: str) -> list[tuple[Any, ...]]:
    """The rows of a table as if none were marked."""
    columns = {"stg_": "* exclude (_fingerprint)", "int_": "* replace (nullif(row_json, 'left') as row_json)"}
    shown = columns[model[:4]] if is_marked(model) else "*"
    return connection.execute(f"select {shown} from {relation} order by all").fetchall()


def is_marked(model: str) -> bool:
    return model.startswith("stg_folder__") or model.endswith("__judged")


def is_the_old_one(connection: duckdb.DuckDBPyConnection, relation: str, name: str) -> bool:
    """Whether a table is the one that the build before has left, not made whole; leaves a comment on it to tell by."""
    comments = "select comment from duckdb_tables() where table_name = ? and schema_name <> 'taken_in'"
    ((comment,),) = connection.execute(comments, [name]).fetchall()
    connection.execute(f"comment on table {relation} is 'left'")
    return bool(comment == "left")


def test_any_sequence_of_deliveries_leaves_what_the_last_one_makes(tmp_path: Path) -> None:
    """Rows that come, go, change, stand twice, contradict each other or move to another place of their file."""
    variant, entities = SETTINGS[2], tuple(COLUMNS)
    layer = compile_layer(variant, entities, tmp_path / "layer")
    relations = {model[2]: model[0] for model in layer.models}
    relations |= {f"{kpi}__rows": f'"{DATABASE}"."main"."{kpi}__rows"' for kpi in KPIS}
    built = tmp_path / "work" / f"{DATABASE}.duckdb"
    built.parent.mkdir()
    before = {"database": "figures_before", "schema": "main", "file": str(tmp_path / "before.duckdb")}
    variables = layer_vars(variant, layer.data_dir) | {"incremental_from_rows": 1}
    left: Counter[str] = Counter()
    made: Counter[str] = Counter()
    in_days: set[str] = set()

    def build(*selected: str) -> None:
        begun = {}
        if built.exists():
            shutil.copy(built, before["file"])
            begun = {"figures_before": {**before, "begins_with_tables": True}}
        read = project_read(variant.customer_lifecycle)
        run_dbt("run", variables | begun, built.parent, "--select", *selected, read=read)

    def compare(whole: duckdb.DuckDBPyConnection, taken_in: duckdb.DuckDBPyConnection) -> None:
        found = taken_in.execute("select table_name from duckdb_tables() where schema_name <> 'taken_in'").fetchall()
        names = {name for (name,) in found} & relations.keys()
        assert names > {f"{kpi}__rows" for kpi in KPIS}
        for name in sorted(names):
            relation = relations[name]
            assert contents(taken_in, name, relation) == contents(whole, name, relation), name
            if is_marked(name):
                counted = f"select count(*) filter ({MARKS[name[:4]]}), count(*) from {relation}"
                ((n_left, n_used),) = taken_in.execute(f"{counted} where {MARKED[name[:4]]}").fetchall()
                left[name] += n_left
                made[name] += n_used - n_left
                taken_in.execute(mark(name, relation))
            elif is_the_old_one(taken_in, relation, name):
                in_days.add(name)
        figures = f"from kpi_figures where kpi_id in {KPIS} order by all"
        assert taken_in.execute(figures).fetchall() == whole.execute(figures).fetchall()

    delivered: list[Company] = []

    @on_companies(DELIVERIES)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        company = delivering(data.draw(companies(variant.as_of)), entities)
        if len(delivered) > 1:  # The first is the simplest that there is, without rows.
            company = delivering(data.draw(changed(delivered[-1], company)), entities)
        try:
            whole = layer.build(company)
        except duckdb.Error as error:
            assert MISSING_RATE in str(error)
            reject()
        build(*SELECTED)
        with whole, duckdb.connect(str(built)) as taken_in:
            compare(whole, taken_in)
        delivered.append(company)
        if len(delivered) == 2:
            made.clear()

    agree()
    for names in (+left, +made):
        assert sum(name.startswith("stg_") for name in names) > len(COLUMNS) // 2
        assert sum(name.startswith("int_") for name in names) > len(COLUMNS) // 2
    assert in_days & {f"{kpi}__rows" for kpi in KPIS}
    assert any(name.startswith("fct_") for name in in_days)

    # Tables that a build begins with, and does not make, are gone: they would stand beside figures of other rows.
    build("stg_folder__leads")
    with duckdb.connect(str(built), read_only=True) as connection:
        staged = "select table_name from duckdb_tables() where schema_name = 'staging' and estimated_size > 0"
        assert connection.execute(staged).fetchall() == [("stg_folder__leads",)]
        notes = "select table_name from duckdb_tables() where schema_name = 'taken_in'"
        assert connection.execute(notes).fetchall() == [("staging.stg_folder__leads",)]


def test_a_file_whose_columns_have_other_types_is_made_whole(tmp_path: Path) -> None:
    """The decimal 1.00 and the whole number 100 have the same hash."""
    written = "(values ('d1'), ('d2'), ('d3')) as deals (deal_id)"
    for amount in ("1.00::decimal(10, 2)", "100::bigint"):
        (tmp_path / "data").mkdir(exist_ok=True)
        columns = f"deal_id, '2026-01-05' as created_at, 'New' as stage, 'open' as outcome, {amount} as amount"
        duckdb.sql(f"copy (select {columns} from {written}) to '{tmp_path / 'data' / 'deals.parquet'}'")
        variables = layer_vars(SETTINGS[0], tmp_path / "data") | {"incremental_from_rows": 1}
        variables["figures_before"] = {"schema": "main", "begins_with_tables": True}
        read = project_read(SETTINGS[0].customer_lifecycle)
        run_dbt("run", variables, tmp_path, "--select", "stg_folder__deals", read=read)
    with duckdb.connect(str(tmp_path / f"{DATABASE}.duckdb")) as connection:
        staged = connection.execute("select distinct amount from staging.stg_folder__deals").fetchall()
    assert staged == [(100,)]


# --- As a run does it

EVERY = ("--set", "incremental_from_rows=1")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A warehouse of the small company whose tables can all take in what is new."""
    directory = tmp_path_factory.mktemp("first")
    write_company(small_company(), directory / "data")
    warehouse = Warehouse(directory / "warehouse")
    done = warehouse.run("run", "--data", str(directory / "data"), "--as-of", AS_OF, *EVERY)
    assert done.exit_code == 0, done.stderr
    return warehouse


@pytest.fixture
def again(first: Warehouse, tmp_path: Path) -> Warehouse:
    """A copy of it, in which the rows of deals are marked."""
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.directory.mkdir()
    shutil.copy(first.path, warehouse.path)
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(mark("stg_folder__deals", "staging.stg_folder__deals"))
    return warehouse


def left_of_deals(warehouse: Warehouse) -> set[str]:
    """The deals whose staged rows are those of the run before."""
    return {deal for (deal,) in warehouse.rows("select deal_id from staging.stg_folder__deals where _fingerprint = -1")}


def later(directory: Path) -> tuple[str, ...]:
    """The small company a day later, another amount of a deal and one deal less, elsewhere; and what runs on it."""
    company = small_company()
    company["deals"] = [row for row in company["deals"] if row["deal_id"] != "d2"]
    (edited,) = [row for row in company["deals"] if row["deal_id"] == "d3"]
    edited["amount"] = "800"
    company["deals"].reverse()
    write_company(company, directory / "later")
    return ("run", "--data", str(directory / "later"), "--as-of", AS_OF, *EVERY)


def tables(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """All that a warehouse holds but of which run it is, and but what was marked, by table."""
    found = warehouse.rows(
        "select schema_name, table_name from duckdb_tables()"
        " where schema_name <> 'taken_in' and table_name not in ('compiled_models', 'run_version', 'stg_folder__deals')"
    )
    return {name: warehouse.rows(f"select * from {schema}.{name} order by all") for schema, name in found}


def test_a_run_takes_in_what_is_new(again: Warehouse, tmp_path: Path) -> None:
    """And all that it holds is what a run from nothing makes of the files."""
    deals = left_of_deals(again)
    run = later(tmp_path)
    done = again.run(*run)
    assert done.exit_code == 0, done.stderr
    assert left_of_deals(again) == deals - {"d2", "d3"}
    whole = Warehouse(tmp_path / "whole")
    assert whole.run(*run).exit_code == 0
    expected = tables(whole)
    assert len(expected) > 150
    for name, rows in tables(again).items():
        assert rows == expected.pop(name), name
    assert expected == {}


@pytest.mark.parametrize("option", ["incremental=false", pytest.param("week_start=sunday", marks=in_ci)])
def test_a_run_can_make_all_rows(option: str, again: Warehouse, tmp_path: Path) -> None:
    """Where it is told to, and where the settings are other ones."""
    done = again.run(*later(tmp_path), "--set", option, "--select", "won_deals")
    assert done.exit_code == 0, done.stderr
    assert left_of_deals(again) == set()


def test_what_lies_in_the_log_of_a_warehouse_is_not_left_out(again: Warehouse, tmp_path: Path) -> None:
    """A process that has written to it, and was killed, has left a file beside it, which is not copied."""
    write = f"import duckdb, os; connection = duckdb.connect({str(again.path)!r});"
    write += 'connection.execute("update staging.stg_folder__deals set _fingerprint = 0"); os._exit(0)'
    subprocess.run([sys.executable, "-c", write], check=True)
    assert again.path.with_name(f"{again.path.name}.wal").exists()
    done = again.run(*later(tmp_path), "--select", "won_deals")
    assert done.exit_code == 0, done.stderr
    assert left_of_deals(again) == set()
    assert ("d2",) not in again.rows("select deal_id from staging.stg_folder__deals")


# --- What a build begins with

#: A warehouse of one large table that is noted, and whatever else a user may have made in it.
NOTED = """
create schema taken_in;
create schema staging;
create table staging.large as select range as i, hash(range) as content from range(200000);
create table taken_in."staging.large" as select 'sql' as made_by;
create table main.kpi_figures as select 1 as figure;
create view main.kpi_values as from kpi_figures;
"""
OTHERS = {
    "nothing else": ("", True),
    "a table of the same name elsewhere": ("create table main.large (i int);", True),
    "tables that hang together": (
        "create table a_parent (i int primary key); create table b_child (i int references a_parent (i));",
        False,
    ),
    "a function": ("create macro main.lower(x) as 'other';", False),
    "a type": ("create type mood as enum ('good', 'bad');", False),
    "far more than that": (
        "create table other as select hash(range) as content from range(3000000);",
        False,
    ),
}


def file_workplace(name: str, sql: str, directory: Path) -> FileWorkplace:
    """A workplace beside a warehouse of that name, made by SQL."""
    (directory / "building").mkdir()
    place = FileWorkplace(
        directory / "building", -1, {}, {}, "", directory / "building" / name, directory / name, "main"
    )
    with duckdb.connect(str(directory / "made")) as connection:
        connection.execute(sql)
    (directory / "made").rename(place.warehouse)
    return place


@pytest.mark.parametrize("name", ["kpi.duckdb", "staging.duckdb", "my.kpi's.duckdb"])
@pytest.mark.parametrize("others", OTHERS)
def test_a_build_begins_with_noted_tables_alone(name: str, others: str, tmp_path: Path) -> None:
    """Or with nothing, where the file holds what a build from nothing would be rid of, or would stay far too large."""
    sql, is_copied = OTHERS[others]
    place = file_workplace(name, NOTED + sql, tmp_path)
    with place.before() as before:
        assert before is not None
        assert place.begin_with_tables() is is_copied
    assert [path.name for path in place.directory.iterdir()] == [name] * is_copied
    if is_copied:
        with duckdb.connect(str(place.built)) as connection:
            found = connection.execute("select schema_name, table_name from duckdb_tables() order by 1").fetchall()
            assert found == [("staging", "large"), ("taken_in", "staging.large")]
            assert connection.execute("select count(*) from duckdb_views() where not internal").fetchall() == [(0,)]


def test_nobody_writes_to_a_warehouse_that_was_copied(tmp_path: Path) -> None:
    """Until the build has it open to read: figures that it takes over are those of the tables that it begins with."""
    place = file_workplace("kpi.duckdb", NOTED, tmp_path)
    write = [sys.executable, "-c", f"import duckdb; duckdb.connect({str(place.warehouse)!r})"]
    with place.before():
        assert place.begin_with_tables()
        refused = subprocess.run(write, capture_output=True, text=True, check=False)
        assert "Could not set lock" in refused.stderr
    subprocess.run(write, check=True)


def test_a_copy_that_has_no_room_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", no_room)
    place = file_workplace("kpi.duckdb", NOTED, tmp_path)
    with place.before():
        assert not place.begin_with_tables()
    assert list(place.directory.iterdir()) == []
