"""A company's settings: what each does to the figures, and what is said of values that are none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpi_runner.project import find_project
from kpi_runner.run import RunRequest, run_variables
from kpi_runner.settings import KINDS, NOT_SETTABLE
from tests.python.conftest import AS_OF, ROOT, Builder, Warehouse, small_company
from tests.python.harness import project_read, run_dbt
from tests.python.reference.company import write_company
from tests.python.scope import in_ci

SETTINGS = """
timezone: Europe/Berlin
week_start: saturday
fiscal_year_start_month: 4
cohort_window_days: 30
reporting_currency: EUR
holidays: [2026-06-29]
"""


@pytest.fixture(scope="module")
def warehouse(builder: Builder) -> Warehouse:
    company = small_company()
    company["exchange_rates"] = [{"currency": "USD", "valid_from": "2025-01-01", "rate": "0.5"}]
    options = ("--set", "week_start=sunday")
    return builder.folder("settings", company, *options, settings=SETTINGS).warehouse


def test_the_run_keeps_its_settings(warehouse: Warehouse) -> None:
    (found,) = warehouse.rows(
        "select timezone, week_start, fiscal_year_start_month, cohort_window_days,"
        " reporting_currency, holidays, source_systems from run_settings"
    )
    assert found == ("Europe/Berlin", "sunday", 4, 30, "EUR", "2026-06-29", "folder")


def test_a_bare_as_of_is_the_end_of_the_local_day(warehouse: Warehouse) -> None:
    (found,) = warehouse.rows("select as_of, as_of_local from run_settings")
    assert [str(instant) for instant in found] == ["2026-06-30 22:00:00", "2026-07-01 00:00:00"]


@pytest.mark.parametrize(
    ("period", "revenue"),
    [
        ("2026-03-31", 0), ("2026-04-01", 500), ("2026-03", 0), ("2026-04", 500),
        ("2026-02-09", 1000),
    ],
)  # fmt: skip
def test_days_are_local(warehouse: Warehouse, period: str, revenue: float) -> None:
    """d2 was won at 23:30 UTC, which is the next day in Berlin; d1 on a date without a time."""
    (row,) = warehouse.query("revenue", "--period", period)
    assert row["value"] == revenue


def test_weeks_start_on_the_day_set(warehouse: Warehouse) -> None:
    rows = warehouse.query("revenue", "--period", "all", "--grain", "week")
    weeks = {row["period_start"]: row["value"] for row in rows}
    assert weeks["2026-03-29"] == 500
    starts = warehouse.rows("select distinct dayname(period_start) from kpi_values where grain = 'week'")
    assert starts == [("Sunday",)]


def test_fiscal_years_start_in_the_month_set(warehouse: Warehouse) -> None:
    (year,) = warehouse.query("revenue", "--period", "FY2026")
    assert (year["grain"], year["period_start"], year["value"]) == (
        "fiscal_year", "2025-04-01", 1300,
    )  # fmt: skip
    (quarter,) = warehouse.query("revenue", "--period", "FY2027-Q1")
    assert (quarter["grain"], quarter["period_start"], quarter["value"]) == (
        "fiscal_quarter", "2026-04-01", 500,
    )  # fmt: skip


def test_money_is_in_the_reporting_currency(warehouse: Warehouse) -> None:
    """d4 is worth its list price of 250 USD, d5 90 without a currency."""
    (row,) = warehouse.query("open_pipeline", "--measure", "open_amount", "--period", "2026-06-30")
    assert row["value"] == 250 * 0.5 + 90


def test_a_holiday_is_no_selling_day(warehouse: Warehouse) -> None:
    """The second quarter of 2026 has 65 weekdays, one of them a holiday."""
    rows = warehouse.query("pipeline_velocity", "--period", "2026-Q2")
    velocity, forecast = (row["value"] for row in rows)
    assert velocity == pytest.approx(2 * 500 * 0.5 / 59)
    assert forecast / velocity == pytest.approx(64)


def test_how_long_a_cohort_is_provisional(warehouse: Warehouse) -> None:
    """May ended 30 days before as_of, so its cohort is settled; June's is not."""
    options = ("--measure", "entered", "--period", "2026", "--grain", "month")
    rows = warehouse.query("stage_conversion", *options)
    marks = {row["period_start"][:7]: row["is_provisional"] for row in rows}
    assert marks == {f"2026-0{month}": month == 6 for month in range(1, 7)}


@pytest.mark.parametrize(
    "assignment",
    [
        "timezone=Mars/Phobos",
        "week_start=someday",
        "fiscal_year_start_month=13",
        "reporting_currency=euro",
        "holidays=[christmas]",
    ],
)
def test_a_value_that_is_none(tmp_path: Path, assignment: str) -> None:
    """A setting that is not understood is wrong usage, and the message names it and its value."""
    write_company(small_company(), tmp_path / "data")
    options = ("--data", str(tmp_path / "data"), "--as-of", AS_OF, "--set", assignment)
    result = Warehouse(tmp_path / "warehouse").run("run", *options)
    name, value = assignment.split("=")
    assert name in result.stderr
    assert value.strip("[]") in result.stderr
    assert "Traceback" not in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("holidays", "{2026-12-25: Christmas}"),
        ("holidays", "5"),
        ("holidays", "[[2026-12-25]]"),
        ("holidays", "[2026]"),
        ("timezone", "!!binary aGk="),
        ("timezone", ""),
        ("timezone", "5"),
        ("timezone", "[UTC]"),
        ("source_systems", "5"),
        ("source_systems", ""),
        ("source_systems", "[]"),
        ("source_systems", "[5]"),
        ("source_systems", "[folder, folder]"),
        ("source_systems", "{folder: deals}"),
        ("source_systems", "files"),
        ("data_dir", "5"),
        ("data_dir", "[here]"),
        ("week_start", "1"),
        ("week_start", ""),
        ("fiscal_year_start_month", "[4]"),
        ("fiscal_year_start_month", "true"),
        ("fiscal_year_start_month", "!!int April"),
        ("cohort_window_days", "[90]"),
        ("cohort_window_days", "90.5"),
        ("cohort_window_days", "-1"),
        ("response_sla_hours", "1.5"),
        ("response_sla_hours", "a day"),
        ("response_sla_hours", "-24"),
        ("stale_after_days", ""),
        ("stale_after_days", "true"),
        ("stale_after_days", "10000"),
        ("renewal_gap_days", "[1]"),
        ("renewal_gap_days", "-1"),
        ("incremental", "perhaps"),
        ("incremental_from_rows", "some"),
        ("incremental_from_rows", "[1]"),
        ("active_days", "{days: 365}"),
        ("active_days", "2026-01-01"),
        ("active_days", "1e2"),
        ("customer_lifecycle", "Purchases"),
        ("customer_lifecycle", ""),
        ("customer_lifecycle", "[purchases]"),
        ("reporting_currency", "5"),
        ("reporting_currency", "[EUR]"),
        ("as_of", "[2026-06-30]"),
        ("as_of", "20260630"),
        ("as_of", "9999-12-31"),
        ("as_of", "0001-01-01"),
    ],
)
def test_a_value_of_another_kind(tmp_path: Path, name: str, value: str) -> None:
    """Found before anything is built, in --set and in a settings file alike; the message says where."""
    (tmp_path / "data").mkdir()
    options = ("--data", str(tmp_path / "data"))
    warehouse = Warehouse(tmp_path / "warehouse")
    result = warehouse.call("run", *options, "--set", f"{name}={value}")
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert "--set" in result.stderr
    assert name in result.stderr
    settings = tmp_path / "data" / "settings.yml"
    settings.write_text(f"{name}: {value}\n", encoding="utf-8")
    result = warehouse.call("run", *options)
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert str(settings) in result.stderr
    assert not warehouse.path.exists()


@pytest.mark.parametrize(
    ("written", "systems"),
    [("folder", ["folder"]), ("[folder]", ["folder"]), ("demo, folder", ["demo", "folder"])],
)
def test_one_source_system_needs_no_brackets(written: str, systems: list[str]) -> None:
    given = run_variables(RunRequest(assignments=[f"source_systems={written}"]), find_project(ROOT))
    assert given["source_systems"] == systems


@pytest.mark.parametrize("name", ["as_of", "holidays", "data_dir"])
def test_a_setting_may_be_left_empty(name: str) -> None:
    given = run_variables(RunRequest(assignments=[f"{name}="]), find_project(ROOT))
    assert given["source_systems"] == ["demo"]


@pytest.mark.parametrize(
    ("as_of", "zone"),
    [
        ("9999-12-31", "UTC"),
        ("9999-12-31T23:59:59Z", "Asia/Tokyo"),
        ("0001-01-01", "America/New_York"),
        ("0001-01-01T00:00:00Z", "America/New_York"),
        ("0001-01-01T00:00:00+05:00", "Asia/Tokyo"),
    ],
)
def test_an_as_of_beyond_all_periods(tmp_path: Path, as_of: str, zone: str) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    for period in ("all", "2026"):
        options = ("--as-of", as_of, "--period", period, "--set", f"timezone={zone}")
        result = warehouse.call("run", "--system", "demo", *options)
        assert (result.exit_code, result.stdout) == (2, ""), result.stderr
        assert f"--as-of: '{as_of}' lies outside the years 1900 to 2199." in result.stderr


@pytest.mark.parametrize("as_of", ["1900-01-01", "2199-12-31T23:59:59-12:00"])
def test_an_as_of_at_the_edge_of_all_periods(as_of: str) -> None:
    given = run_variables(RunRequest(as_of=as_of, assignments=["timezone=Asia/Tokyo"]), find_project(ROOT))
    assert given["as_of"] == as_of


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source_systems", 5),
        pytest.param("source_systems", "folder", marks=in_ci),
        pytest.param("timezone", "Mars", marks=in_ci),
        ("as_of", "9999-12-31"),
        ("holidays", 5),
        pytest.param("holidays", {"2026-12-25": "Christmas"}, marks=in_ci),
        pytest.param("response_sla_hours", -1, marks=in_ci),
        pytest.param("active_days", 1.5, marks=in_ci),
        ("customer_lifecycle", "rentals"),
        pytest.param("incremental", "perhaps", marks=in_ci),
        pytest.param("incremental_from_rows", -1, marks=in_ci),
    ],
)
def test_dbt_alone_names_the_setting(tmp_path: Path, name: str, value: object) -> None:
    """Without the command, dbt checks what it is given before it builds anything."""
    with pytest.raises(AssertionError) as refused:
        run_dbt("build", {name: value}, tmp_path, read=project_read("subscriptions"))
    (said,) = [line.strip() for line in str(refused.value).splitlines() if line.strip().startswith(f"{name}: ")]
    assert said.startswith(f"{name}: '{value}' is not ")


def test_the_command_checks_every_setting() -> None:
    """But as_of, which has a parser of its own."""
    settable_names = set(find_project(ROOT).settings()) - set(NOT_SETTABLE)
    assert {*KINDS, "as_of"} == settable_names


def test_dbt_reads_settings_where_they_are_checked() -> None:
    """A var that is read past macros/settings.sql would be used unchecked."""
    read = re.compile(r"\bvar\(\s*['\"]?(\w+)")
    found = {
        (str(file.relative_to(ROOT)), name)
        for folder in ("macros", "models", "metrics", "tests/data")
        for file in (ROOT / folder).rglob("*.sql")
        for name in read.findall(file.read_text(encoding="utf-8"))
        # How the layer is put together, and what a run tells dbt by itself: no settings.
        if name not in ("source_system_entities", "figures_before")
    }
    assert found == {("macros/settings.sql", "name"), ("macros/calendar/as_of.sql", "as_of")}
