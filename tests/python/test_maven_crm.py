"""The public CRM export gives every published figure, by total, quarter, region and rep.

The totals are those of the data's README; the slices are counted anew from the files, here.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any

import pytest

from tests.python.conftest import ROOT, Builder, Built, Warehouse

MAVEN = ROOT.parent / "shared" / "data" / "maven_crm"

pytestmark = pytest.mark.skipif(not MAVEN.is_dir(), reason="the public CRM export is not there")


#: The warehouse's name, and how it is built.
RUN = (
    "maven", "run", "--system", "opportunity_export", "--data", str(MAVEN), "--as-of", "2017-12-31", "--format", "json",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(builder: Builder) -> Built:
    return builder.run(*RUN)


@pytest.fixture(scope="module")
def maven(built: Built) -> Warehouse:
    return built.warehouse


@pytest.fixture(scope="module")
def closed() -> list[dict[str, str]]:
    """The closed opportunities, each with its agent's office."""
    offices = {row["sales_agent"]: row["regional_office"] for row in read("sales_teams.csv")}
    return [
        row | {"regional_office": offices[row["sales_agent"]], "quarter": quarter(row["close_date"])}
        for row in read("sales_pipeline.csv")
        if row["deal_stage"] in ("Won", "Lost")
    ]


def read(name: str) -> list[dict[str, str]]:
    with (MAVEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def quarter(day: str) -> str:
    """The first day of the quarter that a day lies in."""
    month = (int(day[5:7]) - 1) // 3 * 3 + 1
    return f"{day[:4]}-{month:02}-01"


def figure(warehouse: Warehouse, kpi: str, measure: str, *options: str) -> dict[str, Any]:
    (row,) = warehouse.query(kpi, "--measure", measure, *options)
    return row


def won_and_closed(rows: list[dict[str, str]], *keys: str) -> dict[tuple[str, ...], tuple[int, int]]:
    """The won and the closed opportunities, counted by some columns."""
    all_closed = Counter(tuple(row[key] for key in keys) for row in rows)
    won = Counter(tuple(row[key] for key in keys) for row in rows if row["deal_stage"] == "Won")
    return {key: (won[key], count) for key, count in all_closed.items()}


def sold(rows: list[dict[str, str]], *keys: str) -> dict[tuple[str, ...], Decimal]:
    """The revenue of the won opportunities by some columns."""
    sums: dict[tuple[str, ...], Decimal] = {}
    for row in rows:
        if row["deal_stage"] == "Won":
            key = tuple(row[name] for name in keys)
            sums[key] = sums.get(key, Decimal(0)) + Decimal(row["close_value"])
    return sums


def test_deals_by_stage_in_the_marts(maven: Warehouse) -> None:
    found = dict(maven.rows("select stage, count(*) from fct_deals where is_visible group by 1"))
    assert found == {"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}


def test_open_deals_by_stage(maven: Warehouse) -> None:
    rows = maven.query("deals_by_stage", "--measure", "open_deals", "--by", "stage")
    assert {row["stage"]: row["value"] for row in rows} == {"Engaging": 1589, "Prospecting": 500}


def test_win_rate(maven: Warehouse) -> None:
    row = figure(maven, "win_rate", "win_rate")
    assert (row["numerator"], row["denominator"]) == (4238, 6711)
    assert round(row["value"] * 100, 4) == 63.1501


def test_a_lost_deal_has_no_amount(maven: Warehouse) -> None:
    """Else the win rate by value would be that of zeros."""
    assert figure(maven, "win_rate", "win_rate_by_value")["value"] is None


def test_revenue_and_won_deals(maven: Warehouse) -> None:
    assert figure(maven, "revenue", "revenue")["value"] == 10_005_534
    assert figure(maven, "won_deals", "won_deals")["value"] == 4238


def test_revenue_per_deal(maven: Warehouse) -> None:
    rows = {row["measure"]: row for row in maven.query("revenue_per_deal")}
    assert round(rows["revenue_per_deal"]["value"], 2) == 2360.91
    assert rows["median"]["value"] == 1117


def test_days_to_win_and_to_lose(maven: Warehouse) -> None:
    won = {row["measure"]: row for row in maven.query("sales_cycle")}
    lost = {row["measure"]: row for row in maven.query("time_to_lose")}
    assert (round(won["mean_days"]["value"], 2), won["median_days"]["value"]) == (51.78, 57)
    assert (round(lost["mean_days"]["value"], 2), lost["median_days"]["value"]) == (41.48, 14)


def test_days_to_close(maven: Warehouse) -> None:
    """Won and lost pooled: sums and counts add up; the median comes from the mart's rows."""
    won, lost = (figure(maven, kpi, "mean_days") for kpi in ("sales_cycle", "time_to_lose"))
    days, deals = (won[part] + lost[part] for part in ("numerator", "denominator"))
    assert (deals, round(days / deals, 3)) == (6711, 47.985)
    spans = maven.rows("select days_to_close from fct_deals where state in ('won', 'lost')")
    assert median(span for (span,) in spans) == 45


def test_won_of_closed_by_quarter(maven: Warehouse) -> None:
    rows = maven.query("win_rate", "--measure", "win_rate", "--period", "2017", "--grain", "quarter")
    found = {row["period_start"]: (row["numerator"], row["denominator"]) for row in rows}
    assert found == {
        "2017-01-01": (531, 647),
        "2017-04-01": (1254, 2032),
        "2017-07-01": (1257, 2047),
        "2017-10-01": (1196, 1985),
    }


def test_regional_offices(maven: Warehouse) -> None:
    rates = maven.query("win_rate", "--measure", "win_rate", "--by", "region")
    revenues = maven.query("revenue", "--by", "region")
    assert {row["region"]: round(row["value"] * 100, 2) for row in rates} == {
        "Central": 62.56, "East": 63.02, "West": 63.94,
    }  # fmt: skip
    assert {row["region"]: row["value"] for row in revenues} == {
        "Central": 3_346_293, "East": 3_090_594, "West": 3_568_647,
    }  # fmt: skip


def test_two_reps(maven: Warehouse) -> None:
    where = "rep in ('Darcel Schlecht', 'Hayden Neloms')"
    rates = maven.query("win_rate", "--measure", "win_rate", "--by", "rep", "--where", where)
    assert {row["rep"]: (row["numerator"], row["denominator"]) for row in rates} == {
        "Darcel Schlecht": (349, 553), "Hayden Neloms": (107, 152),
    }  # fmt: skip
    assert round(rates[1]["value"] * 100, 2) == 70.39
    revenue = figure(maven, "revenue", "revenue", "--where", "rep = 'Darcel Schlecht'")
    assert revenue["value"] == 1_153_214


@pytest.mark.parametrize(("dimension", "column"), [("rep", "sales_agent"), ("region", "regional_office")])
def test_every_slice_of_every_quarter(
    maven: Warehouse, closed: list[dict[str, str]], dimension: str, column: str
) -> None:
    options = ("--period", "2017", "--grain", "quarter", "--by", dimension)
    rates = maven.query("win_rate", "--measure", "win_rate", *options)
    found = {(row["period_start"], row[dimension]): (row["numerator"], row["denominator"]) for row in rates}
    assert found == won_and_closed(closed, "quarter", column)
    revenues = maven.query("revenue", *options)
    assert {(row["period_start"], row[dimension]): Decimal(str(row["value"])) for row in revenues} == sold(
        closed, "quarter", column
    )


@pytest.mark.parametrize(("dimension", "column"), [("rep", "sales_agent"), ("region", "regional_office")])
def test_every_slice_of_the_whole_time(
    maven: Warehouse, closed: list[dict[str, str]], dimension: str, column: str
) -> None:
    rates = maven.query("win_rate", "--measure", "win_rate", "--by", dimension)
    found = {(row[dimension],): (row["numerator"], row["denominator"]) for row in rates}
    assert found == won_and_closed(closed, column)
    days: dict[str, list[int]] = {}
    for row in closed:
        if row["deal_stage"] == "Won":
            span = date.fromisoformat(row["close_date"]) - date.fromisoformat(row["engage_date"])
            days.setdefault(row[column], []).append(span.days)
    cycles = maven.query("sales_cycle", "--by", dimension)
    sums = {c[dimension]: c["numerator"] for c in cycles if c["measure"] == "mean_days"}
    assert sums == {name: sum(spans) for name, spans in days.items()}
    medians = {c[dimension]: c["value"] for c in cycles if c["measure"] == "median_days"}
    assert medians == {name: median(spans) for name, spans in days.items()}


def test_open_deals_are_worth_their_list_price(maven: Warehouse) -> None:
    for period in ("2017-12-31", "2017-Q4", "all"):
        row = figure(maven, "open_pipeline", "open_amount", "--period", period)
        assert (row["value"], row["row_count"]) == (4_966_215, 2089)


def test_a_name_without_its_space_meets_the_product(maven: Warehouse, closed: list[dict[str, str]]) -> None:
    rows = maven.query("win_rate", "--measure", "win_rate", "--by", "product")
    found = {row["product"]: (row["numerator"], row["denominator"]) for row in rows}
    assert found.keys() == {row["product"] for row in read("products.csv")}
    assert found["GTX Pro"] == won_and_closed(closed, "product")[("GTXPro",)]
    counted = "select count(*) from fct_deals where product = 'GTX Pro'"
    assert maven.rows(counted) == [(1480,)]


def test_opportunities_without_an_account_are_open(maven: Warehouse) -> None:
    counted = "select state, account, count(*) from fct_deals where account_id is null group by all"
    assert maven.rows(counted) == [("open", "(none)", 1425)]


def test_segments_are_spelled_as_delivered(maven: Warehouse) -> None:
    rows = maven.query("won_deals", "--by", "segment")
    assert {row["segment"] for row in rows} == {row["sector"] for row in read("accounts.csv")}
    assert "technolgy" in {row["segment"] for row in rows}


def test_reps_without_a_deal_are_known(maven: Warehouse) -> None:
    assert maven.rows("select count(*) from dim_reps") == [(35,)]
    assert len(maven.query("win_rate", "--measure", "win_rate", "--by", "rep")) == 30


def test_repairs_are_counted(built: Built) -> None:
    rules = dict(
        built.warehouse.rows(
            "select split_part(rule, ':', 1), count(*) from repaired_rows where entity = 'deals' group by 1"
        )
    )
    assert rules == {"created_at": 500, "amount": 2089, "product_id": 1480}
    entities = {row["entity"]: row for row in json.loads(built.result.stdout)["entities"]}
    assert entities["deals"] == {
        "entity": "deals", "delivered": 8800, "in_mart": 8800, "rejected": 0, "merged": 0,
        "repairs": 4069,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        (("deals_by_channel", "--by", "channel"), "deals.channel"),
        (("repeat_sales_by_channel", "--by", "channel"), "deals.channel"),
        (("pipeline_multiplier",), "quotas"),
        (("quota_attainment_rate",), "quotas"),
    ],
)
def test_what_the_export_lacks_is_named(maven: Warehouse, question: tuple[str, ...], missing: str) -> None:
    assert missing in maven.refused(*question)


def test_the_catalog_says_what_the_export_lacks(maven: Warehouse) -> None:
    catalog = maven.catalog()
    available = {name for name, entry in catalog.items() if entry["available"]}
    assert available == {
        "won_deals", "revenue", "win_rate", "sales_cycle", "open_pipeline", "new_customers", "board_deals",
        "deals_by_stage", "stage_conversion", "stage_duration", "repeat_sales_by_channel", "pipeline_velocity",
        "time_to_lose", "revenue_per_deal", "sales_growth", "deals_by_channel",
    }  # fmt: skip
    assert all(entry["missing"] for name, entry in catalog.items() if name not in available)
    assert catalog["pipeline_multiplier"]["missing"] == ["quotas"]
    assert catalog["quota_attainment_rate"]["missing"] == ["quotas"]
    channel = ["deals.channel or deals.lead_id", "deals.channel or leads"]
    assert catalog["repeat_sales_by_channel"]["missing"] == channel
    campaign = [text.replace("channel", "campaign") for text in channel]
    assert catalog["deals_by_channel"]["missing"] == [*campaign, *channel]


def test_the_unavailable_is_never_a_silent_zero(maven: Warehouse) -> None:
    silent = (
        "select count(*) from kpi_values where dimension in ('channel', 'campaign') or kpi_id in"
        " ('pipeline_multiplier', 'quota_attainment_rate')"
    )
    assert maven.rows(silent) == [(0,)]
