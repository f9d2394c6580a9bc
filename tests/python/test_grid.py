"""The grid: what a run builds ahead is what the settings say, and what it lacks is answered all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.python.conftest import Builder, Built, Warehouse
from tests.python.scope import in_ci

#: By grain: nothing, the total alone, some of the dimensions, and all (what is not named has).
GRID = "grid={day: none, week: totals, month: [team]}"
OF_KPIS = "grid_of_kpis={win_rate: {day: totals, month: all}}"


@pytest.fixture(scope="module")
def sparse(builder: Builder) -> Warehouse:
    arguments = (
        "--as-of",
        "2026-06-30",
        "--select",
        "revenue",
        "--select",
        "win_rate",
        "--set",
        GRID,
        "--set",
        OF_KPIS,
    )
    return builder.run("sparse_grid", "run", "--system", "demo", *arguments).warehouse


@pytest.fixture(scope="module")
def full(builder: Builder) -> Warehouse:
    arguments = ("--as-of", "2026-06-30", "--select", "revenue", "--select", "win_rate", "--set", "grid={}")
    return builder.run("full_grid", "run", "--system", "demo", *arguments).warehouse


def held(warehouse: Warehouse, kpi_id: str) -> dict[str, set[str]]:
    """The slices that are built of a KPI, by grain."""
    found: dict[str, set[str]] = {}
    for grain, dimension in warehouse.rows(
        f"select distinct grain, dimension from kpi_values where kpi_id = '{kpi_id}'"
    ):
        found.setdefault(grain, set()).add(dimension)
    return found


def test_the_grid_holds_what_the_settings_say(sparse: Warehouse, full: Warehouse) -> None:
    whole = held(full, "revenue")["quarter"]
    assert len(whole) > 5
    revenue, win_rate = held(sparse, "revenue"), held(sparse, "win_rate")
    assert "day" not in revenue
    assert (revenue["week"], revenue["month"], revenue["quarter"]) == ({"total"}, {"total", "team"}, whole)
    every = held(full, "win_rate")["month"]
    assert (win_rate["day"], win_rate["week"], win_rate["month"]) == ({"total"}, {"total"}, every)
    assert held(full, "revenue")["day"] == whole


def test_by_default_days_have_totals_alone(demo: Built) -> None:
    by_grain = held(demo.warehouse, "revenue")
    assert by_grain["day"] == {"total"}
    assert by_grain["week"] == by_grain["year"] > {"total", "team"}


@pytest.mark.parametrize(
    ("asked", "sparse_source", "full_source"),
    [
        (("--grain", "quarter", "--by", "team"), "from the grid (quarter by team is built)", None),
        (("--grain", "month"), "from the grid (month by total is built)", None),
        (("--grain", "month", "--by", "rep"), "rolled up from rows (month by rep is not built)", "from the grid"),
        (("--grain", "day"), "rolled up from rows (day is not built)", "from the grid"),
        (("--by", "team,rep"), "rolled up from rows (team and rep together are in no grid)", None),
        (("--where", "team = 'Europe'"), "rolled up from rows (a filter is asked for)", None),
        (
            ("--period", "2026-01-05..2026-02-03"),
            "rolled up from rows (2026-01-05 to 2026-02-04 was not built as custom)",
            None,
        ),
    ],
)
def test_a_query_gives_the_same_whatever_is_built(
    sparse: Warehouse, full: Warehouse, asked: tuple[str, ...], sparse_source: str, full_source: str | None
) -> None:
    period = () if "--period" in asked else ("--period", "2026")
    arguments = ("query", "revenue", *period, *asked, "--format", "json", "--explain")
    few, all_of_them = sparse.call(*arguments), full.call(*arguments)
    assert few.exit_code == all_of_them.exit_code == 0
    assert few.stdout == all_of_them.stdout != "[]\n"
    assert f"revenue: {sparse_source}" in few.stderr
    assert f"revenue: {full_source or sparse_source}" in all_of_them.stderr


def test_both_sides_of_a_comparison_are_explained(sparse: Warehouse) -> None:
    result = sparse.call("query", "revenue", "--period", "2026-Q1", "--compare", "previous", "--explain")
    assert result.stderr.count("revenue: from the grid (quarter by total is built).") == 2
    running = sparse.call(
        "query", "revenue", "--period", "2026-06-15..2026-07-15", "--compare", "previous", "--explain"
    )
    assert "revenue: rolled up from rows (as was known at an earlier moment)." in running.stderr


def test_without_explain_nothing_is_explained(sparse: Warehouse) -> None:
    assert "grid" not in sparse.call("query", "revenue", "--period", "2026-Q1").stderr


@pytest.mark.parametrize(
    "setting",
    [
        "grid=totals",
        "grid={day: some}",
        pytest.param("grid={fortnight: totals}", marks=in_ci),
        "grid={day: {team: all}}",
        "grid_of_kpis={revenue: totals}",
        "grid_of_kpis=[revenue]",
        pytest.param("grid_of_kpis={revenue: {day: some}}", marks=in_ci),
        "grid_of_kpis={revenues: {day: all}}",
        "grid={month: [team, teem]}",
    ],
)
def test_a_grid_that_is_none(tmp_path: Path, setting: str) -> None:
    result = Warehouse(tmp_path).run("run", "--system", "demo", "--set", setting)
    assert (result.exit_code, result.stdout) == (2, "")
    assert setting.split("=")[0] in result.stderr
    assert "--set" in result.stderr


@in_ci
def test_a_diff_compares_what_both_grids_hold(builder: Builder) -> None:
    name, arguments = "regridded", ("run", "--system", "demo", "--as-of", "2026-06-30", "--select", "revenue", "--set")
    warehouse = builder.run(name, *arguments, "grid={}").warehouse
    with builder.locked(name):
        assert warehouse.run("publish").exit_code == 0
        assert warehouse.run(*arguments, "grid={day: totals, month: [team]}").exit_code == 0
        result = warehouse.run("diff")
    assert result.exit_code == 0, result.stderr
    assert "vanished" not in result.stdout
    assert "not compared, since just one of the two holds them in its grid: " in result.stdout + result.stderr
