"""`kpi run` and `kpi demo`: the lock, the precedence of settings, what is built, the summaries."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_runner.project import find_project
from kpi_runner.run import RunRequest, run_variables
from tests.python.conftest import (
    AS_OF,
    ROOT,
    Builder,
    Built,
    Warehouse,
    records,
    small_company,
)
from tests.python.reference.company import COLUMNS, write_company

KPIS = {path.stem for path in (ROOT / "metrics").glob("*/*.sql")}
KPI_SUMMARY = ["kpi_id", "rows", "repaired", "rejected", "seconds"]
ENTITY_SUMMARY = ["entity", "delivered", "in_mart", "rejected", "merged", "repairs"]

HOLD = """
import fcntl, sys
with open(sys.argv[1], "a+") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


# --- The lock


@pytest.fixture
def locked(small: Built, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse that another process is building."""
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.directory.mkdir()
    shutil.copy(small.warehouse.path, warehouse.path)
    lock = warehouse.directory / ".kpi.duckdb.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield warehouse
        holder.communicate("")


def test_one_run_at_a_time(small: Built, locked: Warehouse, tmp_path: Path) -> None:
    write_company(small_company(), tmp_path / "data")
    for arguments in (("run", "--data", str(tmp_path / "data"), "--as-of", AS_OF), ("demo",)):
        result = locked.run(*arguments)
        assert (result.exit_code, result.stdout) == (4, "")
        assert "Another run" in result.stderr
        assert str(locked.path) in result.stderr
    assert locked.path.read_bytes() == small.warehouse.path.read_bytes()


def test_a_locked_warehouse_can_be_read(locked: Warehouse) -> None:
    (row,) = locked.query("won_deals")
    assert row["value"] == 3


# --- Settings


def test_precedence_of_settings(tmp_path: Path) -> None:
    """--set over settings.yml over dbt_project.yml."""
    project = find_project(ROOT)
    defaults = project.settings()
    (tmp_path / "settings.yml").write_text(
        "timezone: Asia/Tokyo\nweek_start: sunday\nas_of: 2026-01-31\n", encoding="utf-8"
    )
    plain = run_variables(RunRequest(data=tmp_path), project)
    assert (plain["timezone"], plain["week_start"]) == ("Asia/Tokyo", "sunday")
    assert plain["as_of"] == "2026-01-31"
    given = run_variables(
        RunRequest(data=tmp_path, assignments=["timezone=Europe/Berlin"], as_of="2026-02-28"),
        project,
    )
    assert (given["timezone"], given["week_start"]) == ("Europe/Berlin", "sunday")
    assert given["as_of"] == "2026-02-28"
    effective = defaults | given
    assert effective["reporting_currency"] == defaults["reporting_currency"]
    assert given["source_systems"] == ["folder"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--set", "timezon=UTC"), ["--set", "timezon", "timezone"]),
        (("--set", "timezone"), ["--set", "NAME=VALUE"]),
        (("--set", "holidays=[2026-02-30]"), ["holidays", "2026-02-30"]),
        (("--set", "period_start=2026-01-01"), ["--set", "period_start"]),
        (("--system", "sap"), ["--system", "sap", "folder"]),
        (("--select", "win_rat"), ["--select", "win_rat", "win_rate"]),
        (("--as-of", "soon"), ["--as-of", "soon"]),
        (("--period", "2026-13"), ["--period", "2026-13"]),
        (("--period", "2026-08", "--as-of", AS_OF), ["--period", "2026-08"]),
        (("--data", "/nowhere"), ["--data", "/nowhere"]),
        (("--target", "nowhere"), ["--target", "nowhere"]),
        (("--format", "xml"), ["--format", "xml"]),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: tuple[str, ...], named: list[str]) -> None:
    """Found before anything is built."""
    warehouse = Warehouse(tmp_path / "warehouse")
    result = warehouse.run("run", *arguments)
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert "Traceback" not in result.stderr
    assert [text for text in named if text not in result.stderr] == []
    assert not warehouse.path.exists()


@pytest.mark.parametrize("text", ["timezon: UTC\n", "- timezone\n", "timezone: [\n", "holidays: [2026-02-30]\n"])
def test_a_wrong_settings_file(tmp_path: Path, text: str) -> None:
    write_company(small_company(), tmp_path / "data")
    (tmp_path / "data" / "settings.yml").write_text(text, encoding="utf-8")
    result = Warehouse(tmp_path / "warehouse").run("run", "--data", str(tmp_path / "data"))
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert "Traceback" not in result.stderr
    assert "settings.yml" in result.stderr


def test_a_machine_that_is_too_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names the model that could not be built, and what a person can do; DuckDB's advice is for who writes SQL."""
    write_company(small_company(), tmp_path / "data")
    monkeypatch.setenv("KPI_DUCKDB_MEMORY", "20MB")
    warehouse = Warehouse(tmp_path / "warehouse")
    result = warehouse.run("run", "--data", str(tmp_path / "data"), "--as-of", AS_OF)
    assert (result.exit_code, result.stdout) == (3, ""), result.stderr
    what, advice, outcome = result.stderr.splitlines()
    model = re.fullmatch(r"Error: (\w+) could not be built: Out of Memory Error: .*", what)
    assert model is not None, what
    assert [*ROOT.glob(f"m*/**/{model[1]}.sql")] != []
    assert advice.startswith("KPI_DUCKDB_MEMORY says")
    assert outcome == "Nothing was changed."
    assert not warehouse.path.exists()


# --- What is built


@pytest.fixture(scope="module")
def selected(builder: Builder) -> Built:
    """One KPI over one year; the fiscal year starts in April."""
    options = ("--select", "won_deals", "--period", "2026", "--format", "csv")
    company = small_company()
    return builder.folder("selected", company, *options, settings="fiscal_year_start_month: 4\n")


def test_only_the_selected_kpi_is_built(selected: Built) -> None:
    warehouse = selected.warehouse
    assert warehouse.rows("select distinct kpi_id from kpi_values") == [("won_deals",)]
    assert "won_deals" in warehouse.call("query", "won_deals").stdout
    assert "--select revenue" in warehouse.refused("revenue")
    assert set(warehouse.catalog()) == KPIS


def test_only_the_periods_asked_for_are_built(selected: Built) -> None:
    bounds = "select min(period_start), max(period_start), max(period_end) from kpi_values"
    (found,) = selected.warehouse.rows(bounds)
    assert [str(day) for day in found] == ["2026-01-01", "2026-06-30", "2027-01-01"]


def test_periods_that_the_range_cuts_are_incomplete(selected: Built) -> None:
    rows = selected.warehouse.rows(
        "select grain, period_start, period_end, value, is_complete from kpi_values"
        " where dimension = 'total' and grain <> 'day'"
    )
    found = {(row[0], str(row[1])): (str(row[2]), row[3], row[4]) for row in rows}
    assert found["week", "2026-01-01"] == ("2026-01-05", 0, False)
    assert found["week", "2026-01-05"] == ("2026-01-12", 0, True)
    assert found["month", "2026-02-01"] == ("2026-03-01", 1, True)
    assert found["quarter", "2026-01-01"] == ("2026-04-01", 2, True)
    assert found["fiscal_year", "2026-01-01"] == ("2026-04-01", 2, False)
    assert found["fiscal_year", "2026-04-01"] == ("2027-01-01", 0, False)
    assert found["year", "2026-01-01"] == ("2027-01-01", 2, False)


# --- Summaries


def test_summary_as_json(small: Built) -> None:
    summary = json.loads(small.result.stdout)
    assert {row["kpi_id"] for row in summary["kpis"]} == KPIS
    assert all(set(KPI_SUMMARY) <= set(row) for row in summary["kpis"])
    assert {row["entity"] for row in summary["entities"]} == set(COLUMNS)
    assert all(list(row) == ENTITY_SUMMARY for row in summary["entities"])
    kpis = {row["kpi_id"]: row for row in summary["kpis"]}
    assert kpis["won_deals"]["rows"] == 3
    assert all(row["seconds"] > 0 for row in kpis.values())


def test_summary_as_csv(selected: Built) -> None:
    (row,) = records(selected.result.stdout)
    assert row["kpi_id"] == "won_deals"
    assert row["rows"] == "3"
    assert set(KPI_SUMMARY) <= set(row)


def test_summary_as_text(small: Built, tmp_path: Path) -> None:
    """Of a run over an earlier one: the figures are those of the later."""
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.directory.mkdir()
    shutil.copy(small.warehouse.path, warehouse.path)
    write_company(small_company(), tmp_path / "data")
    options = ("--as-of", "2026-02-28", "--select", "win_rate")
    result = warehouse.run("run", "--data", str(tmp_path / "data"), *options)
    assert result.exit_code == 0
    words = [line.split()[0] for line in result.stdout.splitlines() if line]
    assert words[0] == "kpi_id"
    assert words[2] == "win_rate"
    assert set(COLUMNS) < set(words)
    (row,) = warehouse.query("win_rate", "--measure", "win_rate")
    assert (row["numerator"], row["period_end"]) == (2, "2026-03-01")


# --- The demo


def goals() -> dict[str, list[str]]:
    """The goals of seeds/goals.csv in their order, with the ids of their KPIs."""
    found: dict[str, list[str]] = {}
    for row in records((ROOT / "seeds" / "goals.csv").read_text(encoding="utf-8")):
        found.setdefault(row["goal"], []).append(row["kpi_id"])
    return found


def test_demo_prints_the_goals_and_then_the_other_kpis(demo: Built) -> None:
    """Each goal with its KPIs, in the order of goals.csv; then each theme with those of no goal."""
    title, _, _, rule, *lines = demo.result.stdout.splitlines()
    assert title == "Scorecard of 2026-Q2"
    catalog = demo.warehouse.catalog()
    ids = {entry["title"]: kpi_id for kpi_id, entry in catalog.items()}
    number, name = rule.split("  ")[:2]
    start = len(number) + 2
    printed: dict[str, list[str]] = {}
    heading = ""
    for text in (line[start : start + len(name)] for line in lines if line):
        if text.startswith(" "):
            printed[heading].append(ids[text.strip()])
        else:
            heading = text.strip()
            printed[heading] = []
    assert list(printed)[: len(goals())] == list(goals())
    assert {heading: printed[heading] for heading in goals()} == goals()
    others = {kpi_id: heading for heading, listed in list(printed.items())[len(goals()) :] for kpi_id in listed}
    served = {kpi_id for listed in goals().values() for kpi_id in listed}
    assert others == {kpi_id: f"Other: {catalog[kpi_id]['theme']}" for kpi_id in KPIS - served}
    assert "Building the demo company" in demo.result.stderr


def test_a_scorecard_of_an_asked_range_has_what_it_is_compared_with(selected: Built, small: Built) -> None:
    """The figures of complete periods, of those before and of a year ago, as a build of all periods has them."""
    columns = "measure, grain, period_start, value, previous_value, year_ago_value, change_pct, status"
    sql = f"select {columns} from kpi_scorecard where kpi_id = 'won_deals' and grain = 'quarter' order by period_start"
    whole = [row for row in small.warehouse.rows(sql) if row[2].year == 2026]
    assert selected.warehouse.rows(sql) == whole
    assert [row[3:6] for row in whole] == [(2, 1, None), (0, 2, None)]
    assert selected.warehouse.rows("select count(*) from kpi_values where period_start < '2026-01-01'") == [(0,)]


def test_demo_is_built_as_of_its_last_day(demo: Built) -> None:
    found = demo.warehouse.rows("select as_of, source_systems from run_settings")
    assert [(str(as_of), systems) for as_of, systems in found] == [("2026-07-01 00:00:00", "demo")]
    assert "as of 2026-07-01 00:00:00 UTC" in demo.result.stderr
