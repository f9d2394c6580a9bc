"""A handful of rows that break a rule, as every real export has some: those of accounts and deals are here.

Each function spoils one thing and returns what it did, so that ``--dirt`` can list it. The
victims are chosen by position among suitable rows; none of them moves a figure by much.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from .catalog import LOST, NEW_BUSINESS, OPEN, WON, WON_STAGE, qualified_stages
from .dirt_contacts import STEPS as CONTACT_STEPS
from .dirt_web import STEPS as WEB_STEPS
from .dirty_rows import DirtyRow, Steps, Tables, at
from .people import SMB
from .tables import Row, text

UNKNOWN_REP, UNKNOWN_DEAL = "R-99", "D-99999"
UNPARSABLE_TIMESTAMP = "2025-13-02T09:40:00Z"
UNPARSABLE_DATE = "before CRM"
FUTURE = datetime(2026, 7, 6, 9, 15)
FALSE_WIN_AT = datetime(2026, 6, 26, 16, 40)
EARLY_BY = timedelta(days=2)
EARLIEST_VICTIM, LATEST_VICTIM = date(2024, 7, 1), date(2026, 3, 31)
WINS_WITHOUT_AMOUNT = 2
# Where among the suitable rows each victim stands, from 0 (first) to 1 (last).
MERGED_AT, UNKNOWN_REP_AT, NO_REP_AT, EARLY_CHANGE_AT = 0.20, 0.35, 0.62, 0.48
FALSE_WIN_SHARE, BAD_ACCOUNT_AT = 0.5, 0.1


def spoil(tables: Tables) -> list[DirtyRow]:
    """Break some rows of ``tables`` in place and return the list of them."""
    steps: Steps = (
        unknown_rep,
        no_rep,
        early_stage_change,
        wins_without_amount,
        false_win,
        bad_account_date,
        contradictory_accounts,
        orphan_stage_change,
        future_deal,
        unparsable_deal,
        repeated_deal,
        *CONTACT_STEPS,
        *WEB_STEPS,
    )
    return [dirty for step in steps for dirty in step(tables)]


def closed_deals(tables: Tables, outcome: str) -> list[Row]:
    """Return the new-business deals with this outcome that closed within the period, some time ago."""
    return [
        row
        for row in tables["deals"]
        if row["outcome"] == outcome
        and row["pipeline"] == NEW_BUSINESS
        and isinstance(row["closed_at"], datetime)
        and EARLIEST_VICTIM <= row["closed_at"].date() <= LATEST_VICTIM
    ]


def unknown_rep(tables: Tables) -> list[DirtyRow]:
    """Give a lost deal to a rep who does not exist."""
    row = at(closed_deals(tables, LOST), UNKNOWN_REP_AT)
    row["rep_id"] = UNKNOWN_REP
    return [DirtyRow("deals", text(row["deal_id"]), "rep_id points nowhere", "kept, (unknown)")]


def no_rep(tables: Tables) -> list[DirtyRow]:
    """Take the rep from a lost deal."""
    row = at(closed_deals(tables, LOST), NO_REP_AT)
    row["rep_id"] = None
    return [DirtyRow("deals", text(row["deal_id"]), "rep_id is null", "kept, (none)")]


def early_stage_change(tables: Tables) -> list[DirtyRow]:
    """Let a lost deal enter its first stage before it is created."""
    deal = at(closed_deals(tables, LOST), EARLY_CHANGE_AT)
    for row in tables["deal_stage_changes"]:
        if row["deal_id"] == deal["deal_id"] and isinstance(row["entered_at"], datetime):
            row["entered_at"] -= EARLY_BY
            break
    case = "stage change before creation"
    return [DirtyRow("deal_stage_changes", text(deal["deal_id"]), case, "kept, span clipped")]


def wins_without_amount(tables: Tables) -> list[DirtyRow]:
    """Take the amount from a few small won deals."""
    accounts = {row["account_id"]: row for row in tables["accounts"]}
    small = [
        row
        for row in closed_deals(tables, WON)
        if accounts[row["account_id"]]["segment"] == SMB and row["kind"] != "renewal"
    ]
    small.sort(key=lambda row: Decimal(text(row["amount"])))
    found = []
    for row in small[:WINS_WITHOUT_AMOUNT]:
        row["amount"] = None
        fate = "kept, adds no revenue"
        found.append(DirtyRow("deals", text(row["deal_id"]), "won without amount", fate))
    return found


def false_win(tables: Tables) -> list[DirtyRow]:
    """Mark a deal as won whose history ends in an open stage."""
    qualified = qualified_stages(NEW_BUSINESS)
    rows = [row for row in tables["deals"] if row["outcome"] == OPEN and row["stage"] in qualified]
    row = at(rows, FALSE_WIN_SHARE)
    row.update(stage=WON_STAGE, outcome=WON, closed_at=FALSE_WIN_AT)
    case = "row says won, history ends open"
    return [DirtyRow("deals", text(row["deal_id"]), case, "kept, open as in its history")]


def bad_account_date(tables: Tables) -> list[DirtyRow]:
    """Write something into an account's created_at that is no time."""
    row = at(tables["accounts"], BAD_ACCOUNT_AT)
    row["created_at"] = UNPARSABLE_DATE
    case = "created_at unparsable (optional)"
    return [DirtyRow("accounts", text(row["account_id"]), case, "kept, set to null")]


def contradictory_accounts(tables: Tables) -> list[DirtyRow]:
    """Add an account that is there twice with different contents, and that no deal uses."""
    key = f"A-{len(tables['accounts']) + 1:04d}"
    first: Row = {
        "account_id": key,
        "account_name": "Pelican Cove Resorts",
        "segment": "SMB",
        "industry": "Hospitality",
        "country": "United States",
        "region": "Americas",
        "owner_rep_id": "R-07",
        "created_at": datetime(2026, 5, 12, 10, 5),
    }
    second: Row = {**first, "account_name": "Pelican Cove Resorts Inc", "segment": "Mid-Market"}
    tables["accounts"] += [first, second]
    case = "same id twice, contents differ"
    return [DirtyRow("accounts", key, case, "rejected")] * 2


def orphan_stage_change(tables: Tables) -> list[DirtyRow]:
    """Add a stage change of a deal that does not exist."""
    tables["deal_stage_changes"].append(
        {
            "deal_id": UNKNOWN_DEAL,
            "stage": "Discovery",
            "entered_at": datetime(2025, 11, 4, 11, 30),
        }
    )
    case = "deal_id points nowhere"
    return [DirtyRow("deal_stage_changes", UNKNOWN_DEAL, case, "kept, counted")]


def added_deal(tables: Tables, created_at: datetime | str) -> Row:
    """Add an open deal at the end of the table, and return it."""
    row: Row = {
        **tables["deals"][0],
        "deal_id": f"D-{len(tables['deals']) + 1:05d}",
        "created_at": created_at,
        "stage": "Discovery",
        "outcome": OPEN,
        "kind": "repeat",
        "expected_close_on": date(2026, 9, 18),
        "closed_at": None,
        "lost_reason": None,
        "rationale_note": None,
    }
    row.update(pipeline=NEW_BUSINESS, product_id="P-04", channel="partner", campaign=None)
    row["amount"] = Decimal("15480.00")
    tables["deals"].append(row)
    return row


def future_deal(tables: Tables) -> list[DirtyRow]:
    """Add a deal (and its stage change) of after the demo."""
    row = added_deal(tables, FUTURE)
    key = text(row["deal_id"])
    tables["deal_stage_changes"].append({"deal_id": key, "stage": row["stage"], "entered_at": FUTURE})
    fate = "kept, invisible until as_of reaches it"
    return [
        DirtyRow("deals", key, "created in the future", fate),
        DirtyRow("deal_stage_changes", key, "entered in the future", fate),
    ]


def unparsable_deal(tables: Tables) -> list[DirtyRow]:
    """Add a deal whose created_at is no time, and which has no history."""
    row = added_deal(tables, UNPARSABLE_TIMESTAMP)
    case = "created_at unparsable (required)"
    return [DirtyRow("deals", text(row["deal_id"]), case, "rejected")]


def repeated_deal(tables: Tables) -> list[DirtyRow]:
    """Deliver one deal's row twice."""
    row = at(closed_deals(tables, LOST), MERGED_AT)
    tables["deals"].append(dict(row))
    return [DirtyRow("deals", text(row["deal_id"]), "the same row twice", "merged into one")]
