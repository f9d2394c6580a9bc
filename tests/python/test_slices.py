"""Which slices there are, and what they are called: with several source systems, and without some columns."""

from __future__ import annotations

import pytest

from tests.python.conftest import AS_OF, ROOT, Builder, Warehouse, parsed, small_company
from tests.python.reference.company import Company, write_company

DEMO_REPS = parsed((ROOT / "seeds" / "demo" / "demo_reps.csv").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def two_systems(builder: Builder) -> Warehouse:
    """The demo company, and a folder with the same rep in it; another rep there is called like a label."""
    name, key = DEMO_REPS[0]["rep_name"], DEMO_REPS[0]["rep_id"]
    company: Company = small_company()
    company["reps"] = [
        {"rep_id": key, "rep_name": name, "team": "north"},
        {"rep_id": "r8", "rep_name": "Zoe", "team": "north"},
        {"rep_id": "r9", "rep_name": "Zoe", "team": "north"},
        {"rep_id": "r10", "rep_name": "Zoe (r9)", "team": "north"},
    ]
    for row, rep_id in zip(company["deals"], (key, "r8", "r9", "r10", "r9", "r10"), strict=True):
        row["rep_id"] = rep_id
    directory = builder.root / "two_systems_files"
    with builder.locked("two_systems_files"):
        write_company(company, directory)
    systems = ("--system", "demo", "--system", "folder", "--data", str(directory))
    return builder.run("two_systems", "run", *systems, "--as-of", AS_OF, "--select", "won_deals").warehouse


def test_every_rep_is_a_slice_of_its_own(two_systems: Warehouse) -> None:
    name, key = DEMO_REPS[0]["rep_name"], DEMO_REPS[0]["rep_id"]
    reps = dict(two_systems.rows("select rep, source_system || ':' || rep_id from dim_reps"))
    assert len(reps) == len(DEMO_REPS) + 4
    assert reps[f"{name} (demo:{key})"] == f"demo:{key}"
    assert reps[f"{name} (folder:{key})"] == f"folder:{key}"
    assert reps["Zoe (r8)"] == "folder:r8"
    assert reps["Zoe (folder:r9)"] == "folder:r9"
    assert reps["Zoe (r9) (folder:r10)"] == "folder:r10"


@pytest.fixture(scope="module")
def bare(builder: Builder) -> Warehouse:
    """The small company, whose reps have no team and region, whose accounts have no segment and deals no amount.

    Of its calls is not known which could have been won, and of its subscriptions not which have ended.
    """
    left_out = {
        "reps.csv": ("team", "region"),
        "accounts.csv": ("segment",),
        "deals.csv": ("amount",),
        "calls.csv": ("is_winnable",),
        "subscriptions.csv": ("ended_on",),
    }
    company: Company = small_company()
    company["calls"] = [
        {"call_id": "c1", "started_at": "2026-05-04T09:00:00Z", "rep_id": "r1", "outcome": "closed"},
        {"call_id": "c2", "started_at": "2026-05-05T09:00:00Z", "rep_id": "r1", "outcome": "not_closed"},
    ]
    company["subscriptions"] = [
        {"subscription_id": "s1", "account_id": "a1", "started_on": "2026-02-10", "mrr": "100"},
    ]
    directory = builder.root / "bare_files"
    with builder.locked("bare_files"):
        write_company(company, directory)
        for name, columns in left_out.items():
            head, *lines = (line.split(",") for line in (directory / name).read_text(encoding="utf-8").splitlines())
            places = [place for place, column in enumerate(head) if column not in columns]
            text = "".join(",".join(row[place] for place in places) + "\n" for row in [head, *lines])
            (directory / name).write_text(text, encoding="utf-8")
    return builder.run("bare", "run", "--data", str(directory), "--as-of", AS_OF).warehouse


@pytest.mark.parametrize(
    ("dimension", "missing"),
    [("team", "reps.team"), ("region", "reps.region"), ("segment", "accounts.segment")],
)
def test_a_slice_needs_the_column_that_it_shows(bare: Warehouse, dimension: str, missing: str) -> None:
    assert missing in bare.refused("won_deals", "--by", dimension)
    assert bare.rows("select count(*) from kpi_values where dimension = ?", [dimension]) == [(0,)]
    assert {row["rep"] for row in bare.query("won_deals", "--by", "rep")} == {"Ann", "Bob"}


def test_a_measure_may_need_less_than_its_kpi(bare: Warehouse) -> None:
    catalog = bare.catalog()["revenue_per_deal"]
    available = {measure["measure"]: measure["available"] for measure in catalog["measures"]}
    assert available == {"revenue_per_deal": False, "median": False, "won_deals": True, "revenue": False}
    (won,) = bare.query("revenue_per_deal", "--measure", "won_deals")
    assert won["value"] == 3
    assert "deals.amount" in bare.refused("revenue_per_deal")


@pytest.mark.parametrize(
    ("kpi_id", "measure", "missing"),
    [
        ("conversation_droppage", "droppage_rate", "calls.is_winnable"),
        ("conversation_droppage", "unwinnable_rate", "calls.is_winnable"),
        ("active_customers", "active_customers", "subscriptions.ended_on"),
        ("customer_retention", "retention_rate", "subscriptions.ended_on"),
        ("churn_by_rep", "churned", "subscriptions.ended_on"),
    ],
)
def test_what_a_column_would_tell_is_never_a_silent_zero(
    bare: Warehouse, kpi_id: str, measure: str, missing: str
) -> None:
    assert missing in bare.refused(kpi_id, "--measure", measure)
    counted = "select count(*) from kpi_values where kpi_id = ? and measure = ?"
    assert bare.rows(counted, [kpi_id, measure]) == [(0,)]
    (closed,) = bare.query("conversation_droppage", "--measure", "close_rate")
    assert closed["value"] == 0.5
