"""Figures as of an earlier instant are those of the same data as it stood at that instant."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from tests.python.conftest import ROOT, Builder, Warehouse, small_company
from tests.python.reference.company import Company, Row
from tests.python.scope import in_ci

MAVEN = ROOT.parent / "shared" / "data" / "maven_crm"
MIDDLE = "2017-06-30"

#: Half past noon in Berlin, and what `_at` times of the folder below lie before or at it.
INSTANT = "2026-03-15T12:30:00+01:00"
CUT = "2026-03-15T11:30:00Z"


def cut_export(directory: Path) -> None:
    """The public export as it would have looked at the end of MIDDLE."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("accounts.csv", "products.csv", "sales_teams.csv"):
        shutil.copy(MAVEN / name, directory / name)
    with (MAVEN / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in rows if row["engage_date"] and row["engage_date"] <= MIDDLE]
    for row in kept:
        if row["close_date"] > MIDDLE:
            row |= {"deal_stage": "Engaging", "close_date": "", "close_value": ""}
    with (directory / "sales_pipeline.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


def export_as_of(builder: Builder, name: str, directory: Path) -> Warehouse:
    return builder.run(
        name, "run", "--system", "opportunity_export", "--data", str(directory), "--as-of", MIDDLE
    ).warehouse


def assert_same_figures(first: Warehouse, second: Warehouse) -> None:
    """Every row of kpi_values is the same, and there are some."""
    assert first.rows("select count(*) > 0 from kpi_values") == [(True,)]
    assert first.other_figures(second) == []


@pytest.mark.skipif(not MAVEN.is_dir(), reason="the public CRM export is not there")
@in_ci
def test_the_export_as_of_the_middle_of_2017(builder: Builder, tmp_path: Path) -> None:
    cut_export(tmp_path / "cut")
    full = export_as_of(builder, "maven_as_of", MAVEN)
    cut = export_as_of(builder, "maven_cut", tmp_path / "cut")
    assert_same_figures(full, cut)
    assert full.rows("select max(period_start) from kpi_values")[0][0].isoformat() == MIDDLE


def timed_company() -> Company:
    """The small company with events right before and right at the instant."""
    company = small_company()
    at = {"before": "2026-03-15T11:29:59Z", "at": CUT, "after": "2026-03-15T11:30:01Z"}
    for name, moment in at.items():
        row: Row = {"rep_id": "r1", "account_id": "a1", "amount": "10", "created_at": "2026-03-01"}
        created: Row = {"stage": "Lead", "outcome": "open", "created_at": moment}
        won: Row = {"stage": "Won", "outcome": "won", "closed_at": moment}
        company["deals"] += [
            row | created | {"deal_id": f"created_{name}"},
            row | won | {"deal_id": f"won_{name}"},
        ]
        company["deal_stage_changes"] += [
            {"deal_id": f"created_{name}", "stage": "Lead", "entered_at": moment},
            {"deal_id": f"won_{name}", "stage": "Offer", "entered_at": "2026-03-01"},
            {"deal_id": f"won_{name}", "stage": "Won", "entered_at": moment},
        ]
    return company


def is_past(moment: str | None) -> bool:
    """Whether a time of the company lies before the instant; a bare date where its day began."""
    assert moment is not None
    return moment < CUT


def cut_company(company: Company) -> Company:
    """The company as it stood at the instant."""
    deals: list[Row] = []
    for deal in company["deals"]:
        if not is_past(deal["created_at"]):
            continue
        if deal.get("closed_at") and not is_past(deal["closed_at"]):
            changes = [c for c in company["deal_stage_changes"] if c["deal_id"] == deal["deal_id"]]
            stage = [c["stage"] for c in changes if is_past(c["entered_at"])][-1]
            deal = deal | {"stage": stage, "outcome": "open", "closed_at": None}
        deals.append(deal)
    history = [row for row in company["deal_stage_changes"] if is_past(row["entered_at"])]
    return company | {"deals": deals, "deal_stage_changes": history}


@pytest.fixture(scope="module")
def timed(builder: Builder) -> Warehouse:
    options = ("--as-of", INSTANT, "--set", "timezone=Europe/Berlin")
    return builder.folder("timed", timed_company(), *options).warehouse


def test_a_folder_as_of_an_instant(builder: Builder, timed: Warehouse) -> None:
    options = ("--as-of", INSTANT, "--set", "timezone=Europe/Berlin")
    cut = builder.folder("timed_cut", cut_company(timed_company()), *options).warehouse
    assert_same_figures(timed, cut)


def test_what_happens_at_the_instant_has_not_happened(timed: Warehouse) -> None:
    """Won before it: d1 and one more that day. Open: d2, d3, two not won yet, one just created."""
    (won,) = timed.query("won_deals", "--period", "2026-03-15")
    assert (won["value"], won["is_complete"]) == (1, False)
    (revenue,) = timed.query("revenue", "--period", "2026")
    assert revenue["value"] == 1010
    (open_deals,) = timed.query("open_pipeline", "--measure", "open_deals", "--period", "mtd")
    assert open_deals["value"] == 5


def test_the_instant_is_kept_and_named(timed: Warehouse) -> None:
    assert [str(row[0]) for row in timed.rows("select as_of from run_settings")] == ["2026-03-15 11:30:00"]
    assert "2026-03-15 12:30:00 Europe/Berlin" in timed.call("query", "won_deals").stderr


def test_no_period_starts_at_or_after_the_instant(timed: Warehouse) -> None:
    latest = dict(timed.rows("select grain, max(period_start) from kpi_values group by 1"))
    assert {str(start) for start in (latest["day"], latest["month"])} == {
        "2026-03-15", "2026-03-01",
    }  # fmt: skip
    assert timed.call("query", "won_deals", "--period", "2026-03-16").exit_code == 2
