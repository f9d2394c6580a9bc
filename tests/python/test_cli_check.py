"""`kpi check`: which figures are judged, against which range, and how it is said."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from shutil import copyfile
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest

from kpi_runner.check import Range, Target, Targets
from kpi_runner.warehouse import MeasureInfo
from tests.python.conftest import Built, Result, Warehouse, records

COLUMNS = (
    "kpi_id,measure,grain,period_start,period_end,dimension,dimension_value,value,healthy_low,low_is_exclusive,"
    "healthy_high,high_is_exclusive,status"
)


@pytest.fixture(scope="module")
def warehouse(demo: Built) -> Warehouse:
    return demo.warehouse


@pytest.fixture
def copied(demo: Built, tmp_path: Path) -> Warehouse:
    """A copy of the demo warehouse, for targets of one's own."""
    copyfile(demo.warehouse.path, tmp_path / "kpi.duckdb")
    return Warehouse(tmp_path)


def with_targets(warehouse: Warehouse, *rows: tuple[Any, ...]) -> Warehouse:
    """The warehouse with these rows in the seed's table, as a build loads them."""
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("delete from targets")
        connection.executemany("insert into targets values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return warehouse


def judged(warehouse: Warehouse, *arguments: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """The figures of `kpi check … --format json` by measure, start and slice, of KPIs that share no measure's name."""
    rows = checked(warehouse, *arguments)
    found: dict[tuple[str, ...], dict[str, Any]] = {
        (row["measure"], row["period_start"], row["dimension_value"]): row for row in rows
    }
    assert len(found) == len(rows)
    return found


def checked(warehouse: Warehouse, *arguments: str) -> list[dict[str, Any]]:
    """What `kpi check … --format json` gives."""
    result = warehouse.call("check", *arguments, "--format", "json")
    assert result.exit_code in (0, 1), result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    assert (result.exit_code == 1) is any(row["status"] in ("low", "high") for row in rows)
    return rows


def statuses(warehouse: Warehouse, *arguments: str) -> dict[tuple[str, ...], str]:
    return {key: row["status"] for key, row in judged(warehouse, *arguments).items()}


# --- Ranges


@pytest.mark.parametrize(
    ("healthy", "value", "status"),
    [
        (Range(), 1.0, "no_target"),
        (Range(), None, "no_data"),
        (Range(low=1), None, "no_data"),
        (Range(low=1), 1.0, "ok"),
        (Range(low=1), 0.999, "low"),
        (Range(low=1, low_is_exclusive=True), 1.0, "low"),
        (Range(low=1, low_is_exclusive=True), 1.001, "ok"),
        (Range(high=5), 5.0, "ok"),
        (Range(high=5), 5.001, "high"),
        (Range(low=1, high=5, high_is_exclusive=True), 5.0, "high"),
        (Range(low=1, high=5, high_is_exclusive=True), 4.999, "ok"),
        (Range(low=0, low_is_exclusive=True), 0.0, "low"),
    ],
)
def test_status_of_a_figure(healthy: Range, value: float | None, status: str) -> None:
    assert healthy.status(value) == status


def test_the_latest_target_that_holds_beats_the_catalog() -> None:
    info = MeasureInfo("m", "ratio", "flow", "higher", 1.0, None, True, False, (), ("team",), (), True, ())
    always, later = Range(low=2), Range(low=3)
    monthly, removed = Range(low=9), Range()
    targets = Targets(
        {
            ("k", "m"): [
                Target("total", "total", None, date.min, always),
                Target("total", "total", None, date(2026, 4, 1), later),
                Target("total", "total", "month", date(2026, 6, 1), monthly),
                Target("total", "total", None, date(2026, 9, 1), removed),
                Target("team", "north", None, date(2026, 1, 1), always),
            ]
        }
    )

    def found(grain: str, start: date, dimension: str = "total", value: str = "total") -> Range | None:
        return targets.range_of("k", info, dimension, value, grain, start)

    assert found("month", date(2026, 3, 1)) == always
    assert found("month", date(2026, 4, 1)) == later
    assert found("month", date(2026, 6, 1)) == monthly
    assert found("quarter", date(2026, 7, 1)) == later
    assert found("quarter", date(2026, 10, 1)) == removed
    assert found("month", date(2026, 10, 1)) == monthly, "a target of the grain beats one of all grains"
    assert found("month", date(2026, 1, 1), "team", "north") == always
    assert found("month", date(2025, 12, 1), "team", "north") is None, "the catalog's range is the company's"
    assert found("month", date(2026, 1, 1), "team", "south") is None
    assert Targets({}).range_of("k", info, "total", "total", "month", date(2026, 1, 1)) == Range(1.0, None, True, False)


def test_a_range_of_some_grains_holds_for_these_alone() -> None:
    info = MeasureInfo("m", None, None, None, 3.0, 4.0, False, False, ("month",), (), (), True, ())
    assert Targets({}).range_of("k", info, "total", "total", "month", date(2026, 1, 1)) == Range(3.0, 4.0)
    assert Targets({}).range_of("k", info, "total", "total", "year", date(2026, 1, 1)) == Range()


def test_a_range_in_words() -> None:
    """As the scorecard has it."""
    assert Range(0.6, 0.9).text("percent") == "60 % to 90 %"
    assert Range(1, 5, True, True).text("ratio") == "between 1.00 and 5.00, exclusive"
    assert Range().text("ratio") == ""


# --- Which figures


@pytest.mark.parametrize("period", ["2026-05", "2026-Q1", "2025"])
def test_statuses_are_those_of_the_scorecard(warehouse: Warehouse, period: str) -> None:
    """Both judge the same figures against the same ranges."""
    found = checked(warehouse, "--period", period)
    shown = warehouse.rows(
        "select distinct kpi_id, measure, status from kpi_scorecard"
        " where grain = ? and period_start = ? and not is_provisional",
        [found[0]["grain"], found[0]["period_start"]],
    )
    assert len(found) == len(shown)
    assert {(row["kpi_id"], row["measure"]): row["status"] for row in found} == {
        (kpi_id, measure): status for kpi_id, measure, status in shown
    }
    assert {"ok", "no_target"} <= {status for *_, status in shown}


def test_provisional_and_incomplete_figures_are_not_judged(warehouse: Warehouse) -> None:
    cohort = ("closed_rate", "--period", "2026-06")
    assert judged(warehouse, *cohort) == {}
    assert warehouse.call("check", *cohort).stderr.splitlines()[-1] == (
        "checked: 0 in range, 0 outside, 1 not judged yet (incomplete or provisional)"
    )
    assert judged(warehouse, "win_rate", "--period", "2026") == {}
    mature = judged(warehouse, "closed_rate", "--period", "2026-01")
    assert mature["closed_rate", "2026-01-01", "total"]["status"] in ("ok", "low")


def test_each_period_of_a_grain(warehouse: Warehouse) -> None:
    found = judged(warehouse, "pipeline_multiplier", "--period", "2026", "--grain", "month")
    values = warehouse.query("pipeline_multiplier", "--period", "2026", "--grain", "month")
    assert [row["value"] for row in found.values()] == [row["value"] for row in values]
    for row in found.values():
        expected = "ok" if 3 <= row["value"] <= 4 else "low" if row["value"] < 3 else "high"
        assert row["status"] == expected


def test_all_is_checked_without_a_period(warehouse: Warehouse) -> None:
    found = judged(warehouse, "quota_attainment_rate", "call_show_rate")
    assert {row["grain"] for row in found.values()} == {"custom"}


# --- Targets


def test_dated_targets_override_the_catalog(copied: Warehouse) -> None:
    rate = copied.query("win_rate", "--measure", "win_rate", "--period", "2026", "--grain", "month")
    may = next(row["value"] for row in rate if row["period_start"] == "2026-05-01")
    with_targets(
        copied,
        ("win_rate", "win_rate", None, None, None, 0.0, None, None),
        ("win_rate", "win_rate", None, None, "month", None, may, date(2026, 5, 1)),
        ("win_rate", "win_rate", "total", "total", "month", 1.01, None, date(2026, 6, 1)),
    )
    found = judged(copied, "win_rate", "--period", "2026", "--grain", "month")
    months = {start: row["status"] for (measure, start, _), row in found.items() if measure == "win_rate"}
    assert [months[f"2026-0{month}-01"] for month in (3, 4, 5, 6)] == ["ok", "ok", "ok", "low"]
    assert found["win_rate", "2026-05-01", "total"]["healthy_high"] == may


def test_slices_are_judged_where_they_have_a_target(copied: Warehouse) -> None:
    by_team = copied.query("win_rate", "--measure", "win_rate", "--by", "team", "--period", "2026-05")
    values = {row["team"]: row["value"] for row in by_team}
    with_targets(
        copied,
        ("win_rate", "win_rate", "team", "Growth", None, values["Growth"], None, None),
        ("win_rate", "win_rate", "team", "Europe", None, None, values["Europe"] - 0.01, None),
        ("win_rate", "win_rate", "team", "Nowhere", None, 0.5, None, None),
        ("revenue", "revenue", "team", "Nowhere", None, 1.0, None, None),
        ("revenue", "revenue", "team", "Pacific", None, 1.0, None, date(2026, 6, 1)),
    )
    found = statuses(copied, "win_rate", "revenue", "--period", "2026-05")
    sliced = {(key[0], key[2]): status for key, status in found.items() if key[2] != "total"}
    assert sliced == {
        ("win_rate", "Growth"): "ok",
        ("win_rate", "Europe"): "high",
        ("win_rate", "Nowhere"): "no_data",
        # A team that has sold nothing has sold 0, and a target for it says that this is too little.
        ("revenue", "Nowhere"): "low",
    }


# --- How it is said


@pytest.fixture
def outside(copied: Warehouse) -> Warehouse:
    """A warehouse in which one figure of May is outside, one has no value, and one no range."""
    return with_targets(
        copied,
        ("won_deals", "won_deals", None, None, None, 1.0, None, None),
        ("revenue", "revenue", None, None, None, 1e12, None, None),
        ("revenue", "revenue", "team", "A, B: 100 %", None, 1.0, None, None),
        ("win_rate", "win_rate", "team", "Nowhere", None, 0.5, None, None),
    )


QUESTION = ("revenue", "won_deals", "win_rate", "--period", "2026-05")


def run(warehouse: Warehouse, *arguments: str) -> Result:
    return warehouse.call("check", *QUESTION, *arguments)


def test_a_table_of_what_is_outside_and_exit_1(outside: Warehouse) -> None:
    result = run(outside)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["KPI", "measure", "period", "slice", "value", "healthy", "status"]
    assert [line.split()[0] for line in lines[2:]] == ["revenue", "revenue"]
    assert all(line.endswith("low") for line in lines[2:])
    assert "checked: 1 in range, 2 outside, 2 without a range, 1 without a value" in result.stderr
    assert len(run(outside, "--all").stdout.splitlines()) == 2 + 6


def test_exit_0_without_a_table_where_all_is_well(outside: Warehouse) -> None:
    result = outside.call("check", "won_deals", "--period", "2026-05")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "checked: 1 in range, 0 outside" in result.stderr


def test_csv_and_json_have_every_figure(outside: Warehouse) -> None:
    text = run(outside, "--format", "csv")
    assert (text.exit_code, text.stdout.splitlines()[0]) == (1, COLUMNS)
    lines = records(text.stdout)
    assert [line["status"] for line in lines] == [row["status"] for row in judged(outside, *QUESTION).values()]
    assert {line["status"] for line in lines} == {"ok", "low", "no_target", "no_data"}


def test_junit_is_read_by_ci(outside: Warehouse) -> None:
    result = run(outside, "--format", "junit")
    assert result.exit_code == 1
    suite = ElementTree.fromstring(result.stdout)[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "6", "failures": "2", "skipped": "3",
    }  # fmt: skip
    failed = [case for case in suite if case.find("failure") is not None]
    assert [(case.get("classname"), case.get("name")) for case in failed] == [
        ("revenue", "revenue 2026-05"),
        ("revenue", "revenue team=A, B: 100 % 2026-05"),
    ]
    failure = failed[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "0.00 is too low; healthy is from 1.00"


def test_github_annotates_what_is_outside(outside: Warehouse) -> None:
    result = run(outside, "--format", "github")
    assert result.exit_code == 1
    first, second = result.stdout.splitlines()
    assert first.startswith("::error title=revenue.revenue is low::2026-05: ")
    assert second == (
        "::error title=revenue.revenue is low::2026-05 (team=A, B: 100 %25): 0.00 is too low; healthy is from 1.00"
    )


def test_what_the_data_lacks_is_named_not_judged(small: Built) -> None:
    result = small.warehouse.call("check", "--period", "2026-02", "--format", "json")
    assert result.exit_code in (0, 1)
    assert "not checked, since the last run could not or did not build them: " in result.stderr
    assert "brand_mentions" in result.stderr
    assert {row["kpi_id"] for row in json.loads(result.stdout)} >= {"revenue", "win_rate"}


def test_names_that_are_none_are_refused(warehouse: Warehouse) -> None:
    result = warehouse.call("check", "win_rat")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Did you mean win_rate?" in result.stderr
    assert warehouse.call("check", "--grain", "fortnight").exit_code == 2
    weekly = warehouse.call("check", "--period", "2026-05", "--grain", "week", "--format", "csv")
    assert "not defined by week: " in weekly.stderr


def test_a_share_of_a_slice_in_which_nothing_happened_is_0(copied: Warehouse) -> None:
    """As long as something did in others: a week without any win has no shares."""
    with_targets(copied, ("deals_by_channel", "share", "channel", "Nowhere", None, 0.05, None, None))
    rows = checked(copied, "deals_by_channel", "--period", "2026-01", "--grain", "week")
    of_slice = {row["period_start"]: row for row in rows if row["dimension_value"] == "Nowhere"}
    won = {
        row["period_start"]: row["value"]
        for row in copied.query("deals_by_channel", "--measure", "won_deals", "--period", "2026-01", "--grain", "week")
    }
    assert any(won.values())
    assert of_slice
    for start, row in of_slice.items():
        assert (row["value"], row["status"]) == ((0, "low") if won[start] else (None, "no_data"))


def test_a_range_that_cannot_be_judged_is_said(small: Built, tmp_path: Path) -> None:
    copyfile(small.warehouse.path, tmp_path / "kpi.duckdb")
    target = ("stage_conversion", "meeting_to_won_rate", None, None, None, 0.1, None, None)
    said = with_targets(Warehouse(tmp_path), target).call("check", "stage_conversion", "--period", "2026-Q1").stderr
    assert "since no source system delivers what they need: stage_conversion.meeting_to_won_rate" in said


def test_a_junit_report_holds_any_text(copied: Warehouse) -> None:
    with_targets(copied, ("won_deals", "won_deals", "team", "Nor\x01th", None, 1, None, None))
    result = copied.call("check", "won_deals", "--period", "2026-01", "--format", "junit")
    (suite,) = ElementTree.fromstring(result.stdout.split("?>", 1)[1])
    assert [case.attrib["name"] for case in suite if "Nor th" in case.attrib["name"]]
