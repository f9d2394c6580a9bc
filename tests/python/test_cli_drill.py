"""`kpi drill`: of every measure of every KPI, the rows' count is the figure's and their sums its parts.

All figures are those of the demo company, as of the end of 2026-06-30: the second quarter of 2026
has ended, the year is running.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_runner.drill import FIGURES, DrillRequest, drill
from kpi_runner.periods import Slot, parse_period
from kpi_runner.query import Request, answer
from kpi_runner.rollup import Question, components, figures_sql
from kpi_runner.warehouse import Kpi, RunSettings
from kpi_runner.warehouse import Warehouse as OpenWarehouse
from tests.python.conftest import ROOT, Builder, Built, Warehouse, records
from tests.python.scope import every_third

KPIS = sorted(path.stem for path in (ROOT / "metrics").glob("*/*.sql"))

Record = dict[str, Any]


@pytest.fixture(scope="module")
def warehouse(demo: Built) -> Warehouse:
    return demo.warehouse


# --- Every figure is the sum of its rows


#: Measures whose two sides are different things: what is divided lies in rows that are not counted.
OF_TWO_THINGS = {("customer_lifetime_value", "cac"), ("customer_retention", "net_revenue_retention")}


@dataclass(frozen=True)
class Sums:
    """How many rows a drill gives, and what they add up to; None where no row has a value."""

    rows: int
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    row_count: int | None


def sums(opened: OpenWarehouse, request: DrillRequest) -> Sums:
    """The sums of a drill, which are exact: its values are decimals and integers."""
    found = drill(request, opened, opened.settings(), ROOT)
    added = ", ".join(f'sum("{name}")' for name in FIGURES)
    ((rows, *totals),) = opened.rows(f"select count(*), {added} from ({found.sql})")
    return Sums(rows, *totals)


def figures(opened: OpenWarehouse, kpi: Kpi, measure: str, period: str, where: str | None) -> Record:
    """What `kpi query` says."""
    whole = parse_period(period, opened.settings().calendar)
    asked = answer(Request([kpi.kpi_id], whole, None, (), where, [measure]), opened, opened.settings(), ROOT)
    return dict(zip(asked.columns, asked.rows[0], strict=True))


def one_measure(kpi: Kpi, measure: str) -> dict[str, Any]:
    return kpi.spec | {"measures": {measure: kpi.spec["measures"][measure]}}


def component_sums(
    opened: OpenWarehouse, kpi: Kpi, measure: str, component: str, figure: Record, where: str | None
) -> tuple[Decimal, int]:
    """The sum and row count of a component by the roll-up, which is asked for a measure of it alone."""
    spec = one_measure(kpi, measure)
    spec |= {"measures": {"asked": {"ratio": [component, component]}}}
    if component in (kpi.spec.get("inputs") or []):
        spec |= {"subjects": None, "inputs": None}
    slot = Slot(figure["period_start"], figure["period_end"])
    settings: RunSettings = opened.settings()
    question = Question(kpi.kpi_id, spec, figure["grain"], [slot], (), where)
    sql = figures_sql(question, ROOT, settings.calendar, settings.cohort_window_days)
    ((total, count),) = opened.rows(f"select numerator, row_count from ({sql}) where measure = 'asked'")
    return total, count


def assert_figure(opened: OpenWarehouse, kpi: Kpi, measure: str, period: str, where: str | None) -> None:
    """The rows of a measure are as many as its row count, and add up to its parts."""
    figure = figures(opened, kpi, measure, period, where)
    whole = parse_period(period, opened.settings().calendar)
    spec = kpi.spec["measures"][measure]
    found = sums(opened, DrillRequest(kpi.kpi_id, whole, measure, None, where))
    assert found.row_count == figure["row_count"]
    assert found.rows > 0
    if (kpi.kpi_id, measure) not in OF_TWO_THINGS:
        assert found.rows == figure["row_count"]
    # Of a sum of longer decimals a figure keeps 14; the days of a quota are divided one by one, to 20.
    accuracy = Decimal("5.1e-15")
    for added, part in ((found.numerator, figure["numerator"]), (found.denominator, figure["denominator"])):
        assert (added is None) == (part is None)
        assert abs(Decimal(added or 0) - Decimal(part or 0)) <= accuracy
    if "count" in spec or "sum" in spec:
        assert found.value is not None
        assert float(found.value) == figure["value"]


def assert_component(
    opened: OpenWarehouse, kpi: Kpi, measure: str, component: str, period: str, where: str | None
) -> None:
    """The rows of a component are those that have it, and add up to what the roll-up makes of it."""
    figure = figures(opened, kpi, measure, period, where)
    whole = parse_period(period, opened.settings().calendar)
    found = sums(opened, DrillRequest(kpi.kpi_id, whole, measure, component, where))
    total, count = component_sums(opened, kpi, measure, component, figure, where)
    assert found.rows == (found.row_count or 0) == count
    assert abs((found.value or 0) - total) <= Decimal("1e-9")


@pytest.mark.parametrize("kpi_id", every_third(KPIS))
def test_the_rows_reproduce_every_figure(warehouse: Warehouse, kpi_id: str) -> None:
    """Every measure, and every part of a formula: in an ended period, in a slice of it, and in a running one."""
    with OpenWarehouse(warehouse.path) as opened:
        (kpi,) = opened.kpis([kpi_id])
        seen: set[tuple[str, str, str | None]] = set()
        for info in kpi.measures:
            names, is_needed = components(one_measure(kpi, info.measure), ROOT)
            (slice_,) = slices(opened, kpi, info.measure)
            for period, where in (("2026-Q2", None), ("2026-Q2", slice_), ("2026", None)):
                if not is_needed:
                    assert_figure(opened, kpi, info.measure, period, where)
                for name in names:
                    if (is_needed or (period, where) == ("2026-Q2", None)) and (name, period, where) not in seen:
                        assert_component(opened, kpi, info.measure, name, period, where)
                        seen.add((name, period, where))


def slices(opened: OpenWarehouse, kpi: Kpi, measure: str) -> list[str]:
    """A condition on the first dimension that the measure has: its value with the most rows."""
    dimensions = next(info.dimensions for info in kpi.measures if info.measure == measure)
    found = opened.rows(
        "select dimension_value from kpi_values where kpi_id = ? and measure = ? and grain = 'quarter'"
        " and period_start = date '2026-04-01' and dimension = ? order by row_count desc, dimension_value limit 1",
        [kpi.kpi_id, measure, dimensions[0]],
    )
    return [f"\"{dimensions[0]}\" = '{value}'" for (value,) in found]


def test_a_slice_of_kpi_values_is_the_drill_with_its_condition(warehouse: Warehouse) -> None:
    """What the build wrote, by hand: the won deals among those that a team closed."""
    built = warehouse.rows(
        "select dimension_value, numerator, denominator, row_count from kpi_values where kpi_id = 'win_rate'"
        " and measure = 'win_rate' and grain = 'quarter' and period_start = date '2026-04-01' and dimension = 'team'"
    )
    assert len(built) > 2
    for team, won, closed, count in built:
        rows = rows_of(warehouse, "win_rate", "--period", "2026-Q2", "--where", f"team = '{team}'")
        assert {row["team"] for row in rows} == {team}
        assert sum(row["numerator"] for row in rows) == won == sum(row["state"] == "won" for row in rows)
        assert sum(row["denominator"] for row in rows) == closed
        assert len(rows) == len({row["deal_id"] for row in rows}) == count


@pytest.mark.parametrize("component", ["amount", "previous.amount", "year.amount"])
def test_a_comparison_that_ends_within_a_day(builder: Builder, component: str) -> None:
    """As of a time of the day, the last day of a comparison counts up to that time."""
    name, when = "drill_part_day", "2026-06-30T15:30:00"
    built = builder.run(name, "run", "--system", "demo", "--as-of", when, "--select", "sales_growth")
    measure = "growth_year_on_year" if component.startswith("year") else "growth"
    with OpenWarehouse(built.warehouse.path) as opened:
        (kpi,) = opened.kpis(["sales_growth"])
        for period in ("2026-06-30", "2026-06", "2026-03-12..2026-07-31"):
            assert_component(opened, kpi, measure, component, period, None)
        cut = opened.rows(
            "select count(*) from sales_growth__rows where event_on = date '2025-06-30'"
            " and event_local_at < timestamp '2025-06-30 15:30:00'"
        )
        found = sums(opened, drill_request(opened, "2026-06-30", "growth_year_on_year", "year.amount"))
        assert cut == [(found.rows,)]


def drill_request(opened: OpenWarehouse, period: str, measure: str, component: str) -> DrillRequest:
    """A drill into a component of a growth."""
    return DrillRequest("sales_growth", parse_period(period, opened.settings().calendar), measure, component)


# --- What people see


def rows_of(warehouse: Warehouse, *arguments: str) -> list[Record]:
    """The rows that `kpi drill … --format json` gives."""
    result = warehouse.call("drill", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found: list[Record] = json.loads(result.stdout, parse_float=Decimal)
    return found


def test_the_rows_are_those_of_the_mart(warehouse: Warehouse) -> None:
    rows = rows_of(warehouse, "revenue", "--period", "2026-05")
    won = warehouse.rows(
        "select deal_id, amount from fct_deals where state = 'won' and amount is not null"
        " and closed_on between '2026-05-01' and '2026-05-31' order by closed_on, deal_id"
    )
    assert [
        (row["deal_id"], row["value"]) for row in sorted(rows, key=lambda row: (row["closed_on"], row["deal_id"]))
    ] == won
    assert {"account", "rep", "closed_on", "product"} <= set(rows[0])


def test_the_same_rows_in_every_format(warehouse: Warehouse, tmp_path: Path) -> None:
    question = ("pixel_events", "--period", "2026-06", "--measure", "purchase_value")
    rows = rows_of(warehouse, *question)
    lines = records(warehouse.call("drill", *question, "--format", "csv").stdout)
    file = tmp_path / "rows.parquet"
    file.write_bytes(warehouse.call("drill", *question, "--format", "parquet").data)
    columns = list(rows[0])
    assert columns[-4:] == list(FIGURES)
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [str(file)])
        assert found.description is not None
        assert [name for name, *_ in found.description] == list(lines[0]) == columns
        assert [row[columns.index("event_id")] for row in found.fetchall()] == [row["event_id"] for row in rows]
    # The mart's own column of that name stands beside what the row adds.
    assert [(row["value_of_row"], row["value"]) for row in rows] == [
        (Decimal(line["value"]), Decimal(line["value_of_row"])) for line in lines
    ]


def test_text_shows_the_columns_that_say_something(warehouse: Warehouse) -> None:
    result = warehouse.call("drill", "revenue", "--period", "2026-05", "--limit", "3")
    head, _, *lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert head.split()[0] == "deal_id"
    assert head.split()[-3:] == ["event_on", "value", "row_count"]
    assert "is_visible" not in head
    ((value, count),) = [(row["value"], row["row_count"]) for row in warehouse.query("revenue", "--period", "2026-05")]
    assert f"{round(value):,}, {count} rows" in result.stderr
    assert f"the first 3 of {count} rows" in result.stderr


def test_a_subject_is_one_row_with_its_sums(warehouse: Warehouse) -> None:
    """A rep's attainment: the deals won are summed, the quota is in parts, what rows differ in is empty."""
    rows = rows_of(warehouse, "quota_attainment_rate", "--period", "2026-Q2", "--measure", "mean_attainment")
    assert len({row["rep_key"] for row in rows}) == len(rows) > 2
    for row in rows:
        won = warehouse.rows(
            "select sum(amount) from fct_deals where state = 'won' and source_system || ':' || rep_id = ?"
            " and closed_on between '2026-04-01' and '2026-06-30'",
            [row["rep_key"]],
        )
        assert won == [(row["amount"],)]
        assert row["row_key"] is None
        assert float(row["numerator"]) == pytest.approx(float((row["amount"] or 0) * 377580 / row["quota"]), rel=1e-12)


def test_what_is_kept_is_shown_beside_what_was_there(warehouse: Warehouse) -> None:
    """One row per customer at the start, though the KPI has one more for those who stayed."""
    rows = rows_of(warehouse, "customer_retention", "--period", "2026-Q2")
    assert len({row["account_id"] for row in rows}) == len(rows)
    assert {(row["at_start"], row["kept"]) for row in rows} == {(1, 1), (1, None)}
    assert all(row["denominator"] == row["row_count"] == 1 for row in rows)


def test_a_quota_cut_by_the_period_adds_its_days_uncounted(warehouse: Warehouse) -> None:
    """A quota counts on the first day of its month, which a range from the 11th does not hold."""
    rows = rows_of(warehouse, "pipeline_multiplier", "--period", "2026-06-11..2026-06-30")
    quotas = [row for row in rows if row["denominator"]]
    assert quotas
    assert {row["row_count"] for row in quotas} == {0}
    (figure,) = warehouse.query("pipeline_multiplier", "--period", "2026-06-11..2026-06-30")
    assert sum(row["row_count"] for row in rows) == figure["row_count"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("win_rat",), ["win_rat", "win_rate"]),
        (("win_rate", "revenue"), ["revenue"]),
        (("win_rate", "--measure", "median"), ["--measure", "median", "win_rate_by_value"]),
        (("win_rate", "--measure", ""), ["--measure", "has no measure ''", "win_rate_by_value"]),
        (("win_rate", "--where", "team = rep"), ["--where", "rep"]),
        (("win_rate", "--period", "2026-13"), ["--period", "2026-13"]),
        (("win_rate", "--limit", "0"), ["--limit", "0"]),
        (("win_rate", "--component", "wonn"), ["--component", "wonn", "Did you mean won?", "closed"]),
        (("sales_growth",), ["--component", "sales_growth.growth", "amount", "previous.amount"]),
        (("stage_conversion", "--measure", "open_to_won_rate", "--where", "stage = 'x'"), ["stage"]),
    ],
)
def test_wrong_usage(warehouse: Warehouse, arguments: tuple[str, ...], named: list[str]) -> None:
    result = warehouse.call("drill", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [text for text in named if text not in result.stderr] == []


def test_what_the_data_lacks_cannot_be_drilled(small: Built) -> None:
    result = small.warehouse.call("drill", "email_open_rate")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "emails" in result.stderr


def test_no_rows_are_an_empty_table(small: Built) -> None:
    assert rows_of(small.warehouse, "revenue", "--period", "2026-01") == []
