"""`kpi query`: columns, periods, grains, slices, filters, and that it agrees with kpi_values.

All figures are those of the demo company, as of the end of 2026-06-30.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_runner.errors import UsageError
from kpi_runner.periods import GRAINS, parse_period
from kpi_runner.query import Request, answer, asked_of
from kpi_runner.rollup import figures_sql
from kpi_runner.warehouse import Warehouse as OpenWarehouse
from tests.python.conftest import ROOT, Builder, Built, Warehouse, as_text, records
from tests.python.scope import every_third, in_ci

KEYS = ["kpi_id", "measure", "grain", "period_start", "period_end"]
FIGURES = ["numerator", "denominator", "value", "row_count", "is_complete", "is_provisional"]
KPIS = sorted(path.stem for path in (ROOT / "metrics").glob("*/*.sql"))

QUESTION = ("win_rate", "revenue", "--period", "2026", "--grain", "quarter", "--by", "team,channel")


@pytest.fixture(scope="module")
def warehouse(demo: Built) -> Warehouse:
    return demo.warehouse


# --- What stands where


def test_columns_in_every_format(warehouse: Warehouse, tmp_path: Path) -> None:
    columns = [*KEYS, "team", "channel", *FIGURES]
    csv_text = warehouse.call("query", *QUESTION, "--format", "csv").stdout
    assert csv_text.splitlines()[0] == ",".join(columns)
    rows = json.loads(warehouse.call("query", *QUESTION, "--format", "json").stdout)
    assert all(list(row) == columns for row in rows)
    assert parquet(warehouse, tmp_path)[0] == columns


def test_a_comparison_has_numbers_in_parquet(warehouse: Warehouse, tmp_path: Path) -> None:
    question = ("query", "revenue", "win_rate", "--period", "2026-Q1", "--by", "team", "--compare", "year")
    file = tmp_path / "compared.parquet"
    file.write_bytes(warehouse.call(*question, "--format", "parquet").data)
    (row,) = duckdb.execute(
        f"select typeof(columns('^(compared_value|change|change_pct)$')) from '{file}' limit 1"
    ).fetchall()
    assert row == ("DOUBLE",) * 3
    from_json = json.loads(warehouse.call(*question, "--format", "json").stdout)
    changes = duckdb.execute(f"select change from '{file}'").fetchall()
    assert [change for (change,) in changes] == [entry["change"] for entry in from_json]


def test_columns_without_slices(warehouse: Warehouse) -> None:
    (row,) = warehouse.query("won_deals")
    assert list(row) == KEYS + FIGURES


def test_the_same_figures_in_every_format(warehouse: Warehouse, tmp_path: Path) -> None:
    from_csv = records(warehouse.call("query", *QUESTION, "--format", "csv").stdout)
    text = warehouse.call("query", *QUESTION, "--format", "json").stdout
    from_json = json.loads(text, parse_float=Decimal)
    columns, from_parquet = parquet(warehouse, tmp_path)
    assert len(from_csv) == len(from_json) == len(from_parquet) > 0
    for line, entry, row in zip(from_csv, from_json, from_parquet, strict=True):
        assert {name: as_text(value) for name, value in entry.items()} == line
        assert [as_text(value) for value in row] == [line[name] for name in columns]


def parquet(warehouse: Warehouse, directory: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of the question's answer as a Parquet file."""
    file = directory / "figures.parquet"
    file.write_bytes(warehouse.call("query", *QUESTION, "--format", "parquet").data)
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [str(file)])
        assert found.description is not None
        return [name for name, *_ in found.description], found.fetchall()


def test_stdout_holds_data_and_stderr_the_as_of(warehouse: Warehouse) -> None:
    result = warehouse.call("query", "won_deals", "--format", "csv")
    assert [line.split(",")[0] for line in result.stdout.splitlines()] == ["kpi_id", "won_deals"]
    assert result.stderr.startswith("as of 2026-07-01 00:00:00 UTC")


def test_several_kpis_in_the_order_asked(warehouse: Warehouse) -> None:
    rows = warehouse.query("revenue", "won_deals", "--measure", "won_deals", "--measure", "revenue")
    assert [row["kpi_id"] for row in rows] == ["revenue", "won_deals"]


def test_all_measures_unless_some_are_named(warehouse: Warehouse) -> None:
    every = ["mean_days", "median_days", "p90_days"]
    assert [row["measure"] for row in warehouse.query("sales_cycle")] == every
    (row,) = warehouse.query("sales_cycle", "--measure", "median_days")
    assert row["measure"] == "median_days"


# --- Periods


@pytest.mark.parametrize(
    ("period", "grain", "start", "end"),
    [
        ("2026-05-14", "day", "2026-05-14", "2026-05-15"),
        ("2026-W20", "week", "2026-05-11", "2026-05-18"),
        ("2026-05", "month", "2026-05-01", "2026-06-01"),
        ("2026-Q2", "quarter", "2026-04-01", "2026-07-01"),
        ("2026", "year", "2026-01-01", "2027-01-01"),
        ("FY2026", "fiscal_year", "2026-01-01", "2027-01-01"),
        ("FY2026-Q2", "fiscal_quarter", "2026-04-01", "2026-07-01"),
        ("2026-01-15..2026-02-14", "custom", "2026-01-15", "2026-02-15"),
        ("last-month", "month", "2026-06-01", "2026-07-01"),
        ("last-90-days", "custom", "2026-04-02", "2026-07-01"),
        ("mtd", "month", "2026-06-01", "2026-07-01"),
        ("qtd", "quarter", "2026-04-01", "2026-07-01"),
        ("ytd", "custom", "2026-01-01", "2026-07-01"),
        ("all", "custom", None, "2026-07-01"),
    ],
)
def test_every_form_of_period(warehouse: Warehouse, period: str, grain: str, start: str | None, end: str) -> None:
    (row,) = warehouse.query("won_deals", "--period", period)
    first = warehouse.rows("select first_event_on from run_settings")[0][0].isoformat()
    assert (row["grain"], row["period_start"], row["period_end"]) == (grain, start or first, end)
    assert row["is_complete"] is (end <= "2026-07-01")
    won = "select count(*) from fct_deals where state = 'won' and closed_on >= ? and closed_on < ?"
    assert warehouse.rows(won, [row["period_start"], end]) == [(row["value"],)]


def test_the_whole_time_is_the_default(warehouse: Warehouse) -> None:
    assert warehouse.query("won_deals") == warehouse.query("won_deals", "--period", "all")


def test_one_figure_per_grain_period_inside(warehouse: Warehouse) -> None:
    rows = warehouse.query("won_deals", "--period", "2026", "--grain", "month")
    assert [row["period_start"] for row in rows] == [f"2026-0{month}-01" for month in range(1, 7)]
    (whole,) = warehouse.query("won_deals", "--period", "2026")
    assert sum(row["value"] for row in rows) == whole["value"]


def test_periods_that_the_range_cuts_are_incomplete(warehouse: Warehouse) -> None:
    options = ("--period", "2026-01-15..2026-03-14", "--grain", "month")
    rows = warehouse.query("won_deals", *options)
    assert [(row["period_start"], row["period_end"], row["is_complete"]) for row in rows] == [
        ("2026-01-15", "2026-02-01", False),
        ("2026-02-01", "2026-03-01", True),
        ("2026-03-01", "2026-03-15", False),
    ]


def test_days_and_weeks_are_custom_ranges_to_kpis_of_months(warehouse: Warehouse) -> None:
    for period, start, end in (("2026-W20", "2026-05-11", "2026-05-18"), ("2026-06-30", "2026-06-30", "2026-07-01")):
        for kpi in ("pipeline_velocity", "pipeline_multiplier", "quota_attainment_rate"):
            rows = warehouse.query(kpi, "--period", period)
            assert {(row["grain"], row["period_start"], row["period_end"]) for row in rows} == {("custom", start, end)}


def test_selling_days_reach_beyond_the_figures(warehouse: Warehouse) -> None:
    """From 2026 to the end of 2035 there are 3,652 days: 521 weeks and 5 days more, Thursday to Monday."""
    rows = warehouse.query("pipeline_velocity", "--period", "2026-01-01..2035-12-31")
    velocity, forecast = (row["value"] for row in rows)
    assert forecast / velocity == pytest.approx(521 * 5 + 3, rel=1e-11)


# --- Slices and filters


@pytest.mark.parametrize("by", ["team", "team,channel", "channel,team"])
def test_slices_add_up(warehouse: Warehouse, by: str) -> None:
    (total,) = warehouse.query("won_deals", "--period", "2026-Q1")
    rows = warehouse.query("won_deals", "--period", "2026-Q1", "--by", by)
    assert len(rows) > 2
    assert sum(row["value"] for row in rows) == total["value"]


def test_two_dimensions_are_those_of_the_rows(warehouse: Warehouse) -> None:
    rows = warehouse.query("won_deals", "--period", "2025", "--by", "team,channel")
    counted = warehouse.rows(
        "select team, channel, count(*) from fct_deals where state = 'won' and year(closed_on) = 2025 group by all"
    )
    assert Counter((row["team"], row["channel"], row["value"]) for row in rows) == Counter(counted)


def test_a_filter_gives_the_slice(warehouse: Warehouse) -> None:
    for measure in ("win_rate", "win_rate_by_value"):
        options = ("--measure", measure, "--period", "2026-Q1")
        slices = warehouse.query("win_rate", *options, "--by", "region")
        (europe,) = (row for row in slices if row.pop("region") == "EMEA")
        assert warehouse.query("win_rate", *options, "--where", "region = 'EMEA'") == [europe]


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ("region in ('EMEA', 'APAC') and not team = 'Europe'", None),
        ("channel like 'paid%' or campaign is null", "channel like 'paid%' or campaign = '(none)'"),
        ("rep between 'A' and 'H'", None),
        ("segment <> 'SMB'", None),
    ],
)
def test_filters(warehouse: Warehouse, where: str, sql: str | None) -> None:
    (row,) = warehouse.query("won_deals", "--period", "2025", "--where", where)
    counted = f"select count(*) from fct_deals where state = 'won' and ({sql or where})"
    assert warehouse.rows(f"{counted} and year(closed_on) = 2025") == [(row["value"],)]
    assert row["value"] > 0


@pytest.mark.parametrize(
    "where",
    [
        "team = 'Europe'; drop table fct_deals",
        "team = 'Europe' union select 1",
        "team in (select rep from fct_deals)",
        "1 = 1",
        "team = rep",
        "amount > 5",
        "upper(team) = 'EUROPE'",
        "team = 'Europe' -- all of it",
        "read_text('/etc/hostname') = 'x'",
        "team = 'Europe",
        "",
    ],
)
def test_a_hostile_filter_is_refused(warehouse: Warehouse, where: str) -> None:
    result = warehouse.call("query", "won_deals", "--where", where)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--where" in result.stderr
    assert warehouse.rows("select count(*) > 0 from fct_deals") == [(True,)]


# --- What is refused


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("win_rat",), ["win_rat", "win_rate"]),
        ((), ["KPI"]),
        (("win_rate", "--measure", "median"), ["--measure", "median", "win_rate"]),
        (("win_rate", "--by", "tean"), ["--by", "tean", "team"]),
        (("win_rate", "--by", "team,team"), ["--by"]),
        (("win_rate", "--grain", "fortnight"), ["--grain", "fortnight", "month"]),
        (("pipeline_velocity", "--grain", "day"), ["--grain", "pipeline_velocity", "month"]),
        (("win_rate", "--period", "2026-13"), ["--period", "2026-13"]),
        (("win_rate", "--period", "2026-07"), ["--period", "2026-07", "as-of"]),
        (("win_rate", "--where", "team = rep"), ["--where", "rep"]),
        (("stage_conversion", "--measure", "open_to_won_rate", "--by", "stage"), ["stage"]),
        (("win_rate", "--format", "xml"), ["--format", "xml"]),
        (("win_rate", "--target", "nowhere"), ["--target", "nowhere", "duckdb"]),
        (("win_rate", "--project-dir", "/nowhere"), ["--project-dir", "/nowhere"]),
    ],
)
def test_wrong_usage(warehouse: Warehouse, arguments: tuple[str, ...], named: list[str]) -> None:
    result = warehouse.call("query", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [text for text in named if text not in result.stderr] == []


def test_a_measure_that_one_of_two_kpis_has(warehouse: Warehouse) -> None:
    """The KPI that has it answers, and the other is named as left out."""
    alone = warehouse.query("sales_cycle", "--measure", "median_days", "--period", "2026-Q2")
    question = ("revenue", "sales_cycle", "--measure", "median_days", "--period", "2026-Q2")
    assert [(row["kpi_id"], row["measure"]) for row in alone] == [("sales_cycle", "median_days")]
    assert warehouse.query(*question) == alone
    assert "revenue has none of the measures asked for" in warehouse.call("query", *question).stderr


@pytest.mark.parametrize("command", [("query", "won_deals"), ("list",), ("export",)])
def test_without_a_warehouse(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = Warehouse(tmp_path).call(*command)
    assert (result.exit_code, result.stdout) == (3, "")
    assert str(tmp_path / "kpi.duckdb") in result.stderr
    assert "kpi run" in result.stderr
    assert not (tmp_path / "kpi.duckdb").exists()


def test_a_file_that_is_no_warehouse(tmp_path: Path) -> None:
    (tmp_path / "kpi.duckdb").write_text("figures", encoding="utf-8")
    result = Warehouse(tmp_path).call("query", "won_deals")
    assert (result.exit_code, result.stdout) == (3, "")
    assert str(tmp_path / "kpi.duckdb") in result.stderr


# --- Agreement with what the build wrote


def slices_to_ask(grains: Sequence[str | None], dimensions: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    """The total in every grain, and each dimension in one of them, taken in turn."""
    yield from ((grain, None) for grain in grains)
    yield from zip(cycle(grains), dimensions)


def assert_agreement(opened: OpenWarehouse, kpi_id: str, period: str) -> None:
    """Every row of every measure, by total and by each dimension: what was built is what the rows give, and a query
    gives the same, wherever it takes it from. Of all days, those of a quarter are asked. Slices of days are not built.

    A range that is no period of a grain is there itself, as `custom`.
    """
    settings = opened.settings()
    whole = parse_period(period, settings.calendar)
    (kpi,) = opened.kpis([kpi_id])
    grains = (*GRAINS, None) if period != "all" and whole.grain == "custom" else GRAINS
    for grain, dimension in slices_to_ask(grains, kpi.dimensions):
        asked_for = parse_period("2026-Q2", settings.calendar) if (grain, period) == ("day", "all") else whole
        built = opened.rows(
            "select kpi_id, measure, grain, period_start, period_end"
            f"{', dimension_value' if dimension else ''}, {', '.join(FIGURES)}"
            " from kpi_values where kpi_id = ? and grain = ? and dimension = ? and period_end > ?",
            [kpi_id, grain or "custom", dimension or "total", asked_for.start],
        )
        request = Request([kpi_id], asked_for, grain, [dimension] if dimension else [])
        if grain is not None and grain not in (kpi.spec.get("grains") or GRAINS):
            assert built == []
            with pytest.raises(UsageError):
                answer(request, opened, settings, ROOT)
            continue
        is_built = dimension is None or grain != "day"
        assert is_built or built == []
        (asked,) = asked_of(request, opened, settings, [])
        sql = figures_sql(asked.question, ROOT, settings.calendar, settings.cohort_window_days)
        rolled_up = Counter((kpi_id, row[0], grain or "custom", *row[1:]) for row in opened.rows(sql))
        assert rolled_up
        assert Counter(answer(request, opened, settings, ROOT).rows) == rolled_up, (grain, dimension)
        if is_built:
            assert Counter(built) == rolled_up, (grain, dimension)


@pytest.mark.parametrize("kpi_id", every_third(KPIS))
def test_a_query_agrees_with_kpi_values(demo: Built, kpi_id: str) -> None:
    with OpenWarehouse(demo.warehouse.path) as opened:
        assert_agreement(opened, kpi_id, "all")


@pytest.mark.parametrize("kpi_id", every_third(KPIS))
def test_one_measure_has_the_slices_of_all(demo: Built, kpi_id: str) -> None:
    """Also those in which nothing but another measure has something: such a slice was built of it, too."""
    with OpenWarehouse(demo.warehouse.path) as opened:
        settings = opened.settings()
        (kpi,) = opened.kpis([kpi_id])
        quarters = parse_period("2025", settings.calendar)

        def rolled_up(dimension: str, *measures: str) -> Counter[tuple[Any, ...]]:
            request = Request([kpi_id], quarters, "quarter", [dimension], measures=measures)
            (asked,) = asked_of(request, opened, settings, [])
            return Counter(
                opened.rows(figures_sql(asked.question, ROOT, settings.calendar, settings.cohort_window_days))
            )

        for dimension in kpi.dimensions:
            of_all = rolled_up(dimension)
            for measure in {row[0] for row in of_all}:
                found = {row: number for row, number in of_all.items() if row[0] == measure}
                assert rolled_up(dimension, measure) == found, (dimension, measure)


#: Ranges that cut weeks, months and quarters at both ends; that end with February; that as_of cuts in a day.
CUT_RANGES = (
    pytest.param("2026-01-30..2026-05-14", "2026-06-30", marks=in_ci),
    pytest.param("2026-02-10..2026-02-28", "2026-06-30", marks=in_ci),
    ("2026-03-12..2026-07-31", "2026-06-30T15:30:00"),
    pytest.param("ytd", "2026-05-20T15:30:00", marks=in_ci),
)


@pytest.mark.parametrize(("period", "as_of"), CUT_RANGES)
def test_a_query_agrees_where_the_range_cuts_periods(builder: Builder, period: str, as_of: str) -> None:
    """Also in what the growth of a cut period is compared with, the period before and a year earlier."""
    kpis = ("sales_growth", "quota_attainment_rate", "pipeline_velocity", "pipeline_multiplier", "win_rate")
    selected = [option for kpi_id in kpis for option in ("--select", kpi_id)]
    name = f"cut_{period}".replace(".", "_")
    built = builder.run(name, "run", "--system", "demo", "--period", period, "--as-of", as_of, *selected)
    with OpenWarehouse(built.warehouse.path) as opened:
        for kpi_id in kpis:
            assert_agreement(opened, kpi_id, period)
        assert opened.rows(
            "select count(*) > 0 from kpi_values where kpi_id = 'sales_growth' and not is_complete"
            " and measure = 'growth_year_on_year' and value is not null"
        ) == [(True,)]
