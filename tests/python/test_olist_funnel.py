"""The public lead funnel gives every published figure, by total, cohort, origin and rep.

The totals are those of the data's README; the slices are counted anew from the files, here.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from statistics import median
from typing import Any

import pytest

from tests.python.conftest import ROOT, Builder, Built, Warehouse

OLIST = ROOT.parent / "shared" / "data" / "olist_funnel"

pytestmark = pytest.mark.skipif(not OLIST.is_dir(), reason="the public lead funnel is not there")

#: Lead rows, won ones and their share in percent, as published; of three origins nothing is.
BY_ORIGIN = {
    "organic_search": (2296, 271, 11.80),
    "paid_search": (1586, 195, 12.30),
    "social": (1350, 75, 5.56),
    "unknown": (1099, 179, 16.29),
    "direct_traffic": (499, 56, 11.22),
    "email": (493, 15, 3.04),
    "(none)": (60, 14, 23.33),
}


#: The warehouse's name, and how it is built.
RUN = (
    "olist", "run", "--system", "lead_funnel_export", "--data", str(OLIST), "--as-of", "2018-11-30", "--format", "json",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(builder: Builder) -> Built:
    return builder.run(*RUN)


@pytest.fixture(scope="module")
def olist(built: Built) -> Warehouse:
    return built.warehouse


@pytest.fixture(scope="module")
def leads() -> list[dict[str, str]]:
    """The leads as delivered; one that was won with its closed deal's columns and the days it took."""
    deals = {row["mql_id"]: row for row in read("olist_closed_deals_dataset.csv")}
    found = read("olist_marketing_qualified_leads_dataset.csv")
    assert deals.keys() <= {row["mql_id"] for row in found}
    return [with_days({**row, "origin": row["origin"] or "(none)", **deals.get(row["mql_id"], {})}) for row in found]


@pytest.fixture(scope="module")
def won(leads: list[dict[str, str]]) -> list[dict[str, str]]:
    """The leads that were won."""
    return [row for row in leads if "won_date" in row]


def read(name: str) -> list[dict[str, str]]:
    with (OLIST / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def with_days(row: dict[str, str]) -> dict[str, str]:
    """A lead with the months of its contact and its win, and the days between, which are never negative."""
    row["contact_month"] = row["first_contact_date"][:7]
    if "won_date" in row:
        days = (date.fromisoformat(row["won_date"][:10]) - date.fromisoformat(row["first_contact_date"])).days
        row |= {"won_month": row["won_date"][:7], "days": str(max(days, 0))}
    return row


def counted(rows: Iterable[dict[str, str]], *keys: str) -> dict[tuple[str, ...], int]:
    return dict(Counter(tuple(row[key] for key in keys) for row in rows))


def by_month(rows: list[dict[str, Any]], dimension: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The figures of months, by month and slice."""
    return {(row["period_start"][:7], row[dimension]): row for row in rows}


def figure(warehouse: Warehouse, kpi: str, measure: str, *options: str) -> dict[str, Any]:
    (row,) = warehouse.query(kpi, "--measure", measure, *options)
    return row


# --- Published figures


@pytest.mark.parametrize(
    ("kpi", "measure"),
    [
        ("conversion_rate", "conversion_rate"),
        ("provided_lead_close_rate", "close_rate"),
        ("marketing_lead_quality", "won_share"),
        ("lead_to_opportunity_rate", "lead_to_opportunity_rate"),
    ],
)
def test_leads_that_became_customers(olist: Warehouse, kpi: str, measure: str) -> None:
    row = figure(olist, kpi, measure)
    assert (row["numerator"], row["denominator"], row["value"]) == (842, 8000, 0.10525)


def test_days_from_first_contact_to_win(olist: Warehouse) -> None:
    for kpi in ("time_to_conversion", "sales_cycle"):
        days = {row["measure"]: row for row in olist.query(kpi)}
        assert (round(days["mean_days"]["value"], 4), days["median_days"]["value"]) == (48.4430, 14)
        assert days["mean_days"]["denominator"] == 842


def test_origins(olist: Warehouse) -> None:
    rates = olist.query("conversion_rate", "--measure", "conversion_rate", "--by", "channel")
    found = {row["channel"]: (row["denominator"], row["numerator"], round(row["value"] * 100, 2)) for row in rates}
    assert {origin: found[origin] for origin in BY_ORIGIN} == BY_ORIGIN
    assert found.keys() - BY_ORIGIN.keys() == {"referral", "other", "display", "other_publicities"}
    assert sum(leads for leads, _, _ in found.values()) == 8000
    wins = {row["channel"]: row["value"] for row in olist.query("won_deals", "--by", "channel")}
    assert wins == {origin: won for origin, (_, won, _) in found.items()}


def test_the_cohort_of_a_month_is_not_what_was_won_in_it(olist: Warehouse) -> None:
    cohort = figure(olist, "conversion_rate", "conversion_rate", "--period", "2018-05")
    assert (cohort["numerator"], cohort["denominator"]) == (130, 1303)
    assert figure(olist, "won_deals", "won_deals", "--period", "2018-05")["value"] == 122


def test_the_deal_won_before_its_lead_was_contacted(built: Built, leads: list[dict[str, str]]) -> None:
    """It took no day, and is the only deal repaired but for the amounts, which none has."""
    (early,) = [row for row in leads if row.get("won_date", "9")[:10] < row["first_contact_date"]]
    days = "select days_to_close from fct_deals where deal_id = ?"
    assert built.warehouse.rows(days, [early["mql_id"]]) == [(0,)]
    rules = "select row_key, rule from repaired_rows where entity = 'deals' and rule not like 'amount:%'"
    assert built.warehouse.rows(rules) == [(early["mql_id"], "closed_at: before created_at, span taken as 0")]


# --- Slices and months, counted anew


@pytest.mark.parametrize(("dimension", "column"), [("channel", "origin"), ("rep", "sdr_id")])
def test_every_cohort(
    olist: Warehouse, leads: list[dict[str, str]], won: list[dict[str, str]], dimension: str, column: str
) -> None:
    """A lead's rep is its sdr, known of won leads only."""
    options = ("--measure", "conversion_rate", "--grain", "month", "--by", dimension)
    found = by_month(olist.query("conversion_rate", *options), dimension)
    everyone = counted([{column: "(none)", **row} for row in leads], "contact_month", column)
    assert {key: row["denominator"] for key, row in found.items()} == everyone
    wins = {key: row["numerator"] for key, row in found.items() if row["numerator"]}
    assert wins == counted(won, "contact_month", column)


@pytest.mark.parametrize(
    ("dimension", "column"), [("channel", "origin"), ("rep", "sr_id"), ("segment", "business_segment")]
)
def test_every_month_of_wins(olist: Warehouse, won: list[dict[str, str]], dimension: str, column: str) -> None:
    """A deal's rep is its sr."""
    found = by_month(olist.query("won_deals", "--grain", "month", "--by", dimension), dimension)
    named = [{**row, column: row[column] or "(none)"} for row in won]
    assert {key: row["value"] for key, row in found.items()} == counted(named, "won_month", column)


@pytest.mark.parametrize(("dimension", "column"), [("channel", "origin"), ("rep", "sr_id")])
def test_days_to_win_by_slice_and_month(
    olist: Warehouse, won: list[dict[str, str]], dimension: str, column: str
) -> None:
    spans: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in won:
        spans[row["won_month"], row[column]].append(int(row["days"]))
    rows = olist.query("time_to_conversion", "--grain", "month", "--by", dimension)
    means = by_month([row for row in rows if row["measure"] == "mean_days"], dimension)
    assert {key: (row["numerator"], row["denominator"]) for key, row in means.items()} == {
        key: (sum(days), len(days)) for key, days in spans.items()
    }
    medians = by_month([row for row in rows if row["measure"] == "median_days"], dimension)
    assert {key: row["value"] for key, row in medians.items()} == {key: median(days) for key, days in spans.items()}


def test_a_win_is_unknown_before_its_day(builder: Builder, won: list[dict[str, str]]) -> None:
    """As of the end of March, the leads won later are not customers yet."""
    directory = ("--data", str(OLIST), "--as-of", "2018-03-31", "--select", "conversion_rate,won_deals")
    then = builder.run("olist_march", "run", "--system", "lead_funnel_export", *directory).warehouse
    early = [row for row in won if row["won_date"] < "2018-04" and row["first_contact_date"] < "2018-04"]
    assert 0 < len(early) < len(won)
    assert figure(then, "conversion_rate", "conversion_rate")["numerator"] == len(early)
    assert figure(then, "won_deals", "won_deals")["value"] == len(early)


# --- What became of the rows, and what is not there


def test_every_row_is_used(built: Built) -> None:
    counts = {row["entity"]: row for row in json.loads(built.result.stdout)["entities"]}
    used = {entity: row["in_mart"] for entity, row in counts.items() if row["delivered"]}
    assert used == {"reps": 41, "accounts": 842, "leads": 8000, "deals": 842}
    assert [row["entity"] for row in counts.values() if row["rejected"] or row["merged"]] == []


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        (("revenue",), "deals.amount"),
        (("revenue_per_deal", "--measure", "revenue_per_deal"), "deals.amount"),
        (("deals_by_channel", "--measure", "revenue"), "deals.amount"),
        (("quota_attainment_rate",), "quotas"),
        (("pipeline_multiplier",), "quotas"),
        (("open_pipeline",), "stages"),
        (("stage_conversion",), "deal_stage_changes"),
        (("lead_response_time",), "activities"),
        (("time_to_conversion", "--measure", "mean_touches"), "activities"),
        (("qualified_leads",), "leads.qualified_at"),
        (("won_deals", "--by", "team"), "reps.team"),
        (("won_deals", "--by", "product"), "deals.product_id"),
    ],
)
def test_what_the_funnel_lacks_is_named(olist: Warehouse, question: tuple[str, ...], missing: str) -> None:
    assert missing in olist.refused(*question)


def test_the_catalog_says_what_the_funnel_gives(olist: Warehouse) -> None:
    catalog = olist.catalog()
    assert {name for name, entry in catalog.items() if entry["available"]} == {
        "conversion_rate", "deals_by_channel", "lead_to_opportunity_rate", "new_customers", "provided_lead_close_rate",
        "repeat_sales_by_channel", "sales_cycle", "time_to_conversion", "time_to_lose", "win_rate", "won_deals",
    }  # fmt: skip
    assert {"deals.amount", "quotas"} <= set(catalog["quota_attainment_rate"]["missing"])
    assert "subscriptions" in catalog["customer_retention"]["missing"]


def test_the_unavailable_is_never_a_silent_zero(olist: Warehouse) -> None:
    silent = "select count(*) from kpi_values where kpi_id in ('revenue', 'open_pipeline', 'quota_attainment_rate')"
    assert olist.rows(silent) == [(0,)]
    assert olist.rows("select count(*) from kpi_values where dimension in ('team', 'region', 'product')") == [(0,)]
