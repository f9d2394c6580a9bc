"""What becomes of a lead funnel's rows that break a rule, in a small export made up for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.python.conftest import Builder, Built, Warehouse

LEADS, DEALS = "olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv"

#: m1 won in 9 days, m2 two days before its contact, m3 never; m4 has no usable date, but was won; m5 stands twice
#: and is won later than as_of; m6 was won twice, by the same seller; m9 is no lead of the export.
FILES = {
    LEADS: """
        mql_id,first_contact_date,landing_page_id,origin
        m1,2026-01-05,l1,social
        m2,2026-02-10,l1,
        m3,2026-02-11,l2,unknown
        m4,soon,l2,email
        m5,2026-03-01,l2,email
        m5,2026-03-01,l2,email
        m6,2026-03-02,l1,social
    """,
    DEALS: """
        mql_id,seller_id,sdr_id,sr_id,won_date,business_segment
        m1,s1,r1,r2,2026-01-14 23:30:00,pet
        m2,s2,r2,r2,2026-02-08 10:00:00,
        m4,s4,r1,r3,2026-04-02 08:00:00,toys
        m5,s5,r1,r3,2026-07-01 08:00:00,toys
        m6,s6,,r3,2026-03-20 08:00:00,baby
        m6,s6,,r3,2026-03-20 08:00:00,baby
        m9,s9,r4,,2026-05-05 08:00:00,baby
    """,
}


def write(files: dict[str, str], directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    for name, text in files.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (directory / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return directory


def refused(files: dict[str, str], directory: Path) -> str:
    """What a run says of an export that it cannot use (exit 3)."""
    data = write(files, directory / "data")
    options = ("--system", "lead_funnel_export", "--data", str(data))
    result = Warehouse(directory / "warehouse").run("run", *options)
    assert (result.exit_code, result.stdout) == (3, "")
    return result.stderr


@pytest.fixture(scope="module")
def built(builder: Builder) -> Built:
    with builder.locked("funnel_files"):
        data = write(FILES, builder.root / "funnel_files")
    return builder.run(
        "funnel", "run", "--system", "lead_funnel_export", "--data", str(data), "--as-of", "2026-06-30",
        "--set", "timezone=Europe/Berlin",
    )  # fmt: skip


def test_leads_and_what_became_of_them(built: Built) -> None:
    leads = "select lead_id, channel, origin, is_provided, rep, is_customer from fct_leads order by 1"
    assert built.warehouse.rows(leads) == [
        ("m1", "social", "marketing", True, "r1", True),
        ("m2", "(none)", "marketing", True, "r2", True),
        ("m3", "unknown", "marketing", True, "(none)", False),
        ("m5", "email", "marketing", True, "r1", False),
        ("m6", "social", "marketing", True, "(none)", True),
    ]


def test_deals_begin_with_their_leads(built: Built) -> None:
    """A first contact lasts from local midnight on; a win's instant is in UTC."""
    deals = (
        "select deal_id, cast(created_on as varchar), cast(closed_on as varchar), state, days_to_close, rep, channel,"
        " segment from fct_deals order by 1"
    )
    assert built.warehouse.rows(deals) == [
        ("m1", "2026-01-05", "2026-01-15", "won", 10, "r2", "social", "pet"),
        ("m2", "2026-02-10", "2026-02-08", "won", 0, "r2", "(none)", "(none)"),
        ("m4", "2026-04-02", "2026-04-02", "won", 0, "r3", "(unknown)", "toys"),
        ("m5", "2026-03-01", None, "open", None, "r3", "email", "toys"),
        ("m6", "2026-03-02", "2026-03-20", "won", 18, "r3", "social", "baby"),
        ("m9", "2026-05-05", "2026-05-05", "won", 0, "(none)", "(unknown)", "baby"),
    ]


def test_repairs_and_rejects_are_named(built: Built) -> None:
    repairs = (
        "select row_key, rule from repaired_rows where entity = 'deals'"
        " and split_part(rule, ':', 1) in ('created_at', 'closed_at', 'lead_id') order by 1, 2"
    )
    assert built.warehouse.rows(repairs) == [
        ("m2", "closed_at: before created_at, span taken as 0"),
        ("m4", "created_at: no lead of this id, taken as won_date"),
        ("m4", "lead_id: points to no row of leads"),
        ("m9", "created_at: no lead of this id, taken as won_date"),
        ("m9", "lead_id: points to no row of leads"),
    ]
    rejects = "select entity, row_key, rule from rejected_rows"
    assert built.warehouse.rows(rejects) == [
        ("leads", "m4", "created_at: not a timestamp (ISO 8601) of the years 1900 to 2199")
    ]
    merged = "select entity, merged from row_counts where merged > 0 order by 1"
    assert built.warehouse.rows(merged) == [("accounts", 1), ("deals", 1), ("leads", 1)]


def test_a_rep_may_develop_and_close(built: Built) -> None:
    reps = "select rep_id, rep_name from dim_reps order by 1"
    assert built.warehouse.rows(reps) == [("r1", "r1"), ("r2", "r2"), ("r3", "r3"), ("r4", "r4")]


@pytest.mark.parametrize(("absent", "entity"), [(LEADS, "leads"), (DEALS, "deals")])
def test_both_files_are_needed(tmp_path: Path, absent: str, entity: str) -> None:
    said = refused({name: text for name, text in FILES.items() if name != absent}, tmp_path)
    assert f"{entity}: no file {absent} in {tmp_path / 'data'}" in said


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    said = refused(FILES | {DEALS: FILES[DEALS].replace("won_date", "closed")}, tmp_path)
    assert "deals: the required column won_date is missing" in said
    assert DEALS in said
