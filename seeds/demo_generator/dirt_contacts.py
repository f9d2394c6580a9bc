"""Broken rows among the leads and the contacts with them."""

from __future__ import annotations

from .contacts import CALL, NOTE
from .dirty_rows import DirtyRow, Steps, Tables, at
from .meetings import FOLLOW_UP
from .tables import text

UNKNOWN_DEAL, UNKNOWN_LEAD = "D-99998", "L-9999"
NO_SCORE, NO_TIME = "n/a", "yes"
FAX, VOICEMAIL = "fax", "voicemail"
# Where among the suitable rows each victim stands, from 0 (first) to 1 (last).
REPEATED_AT, NO_SCORE_AT, ORPHAN_AT, FAX_AT = 0.55, 0.30, 0.45, 0.70
NO_TIME_AT, VOICEMAIL_AT, UNKNOWN_LEAD_AT = 0.25, 0.60, 0.50


def repeated_lead(tables: Tables) -> list[DirtyRow]:
    """Deliver one lead's row twice."""
    row = at([row for row in tables["leads"] if row["disqualified_at"]], REPEATED_AT)
    tables["leads"].append(dict(row))
    return [DirtyRow("leads", text(row["lead_id"]), "the same row twice", "merged into one")]


def lead_without_score(tables: Tables) -> list[DirtyRow]:
    """Write something into a lead's score that is no number."""
    row = at([row for row in tables["leads"] if row["score"]], NO_SCORE_AT)
    row["score"] = NO_SCORE
    return [DirtyRow("leads", text(row["lead_id"]), "score unparsable (optional)", "kept, set to null")]


def orphan_activity(tables: Tables) -> list[DirtyRow]:
    """Let a note belong to a deal that does not exist."""
    row = at([row for row in tables["activities"] if row["kind"] == NOTE], ORPHAN_AT)
    row["deal_id"] = UNKNOWN_DEAL
    return [DirtyRow("activities", text(row["activity_id"]), "deal_id points nowhere", "kept, counted")]


def fax(tables: Tables) -> list[DirtyRow]:
    """Log an activity of a kind that there is not."""
    row = at([row for row in tables["activities"] if row["kind"] == CALL and row["deal_id"]], FAX_AT)
    row["kind"] = FAX
    return [DirtyRow("activities", text(row["activity_id"]), "kind is not one of the list (required)", "rejected")]


def email_opened_sometime(tables: Tables) -> list[DirtyRow]:
    """Say that an e-mail was opened, but not when."""
    row = at([row for row in tables["emails"] if row["delivered_at"] and not row["first_opened_at"]], NO_TIME_AT)
    row["first_opened_at"] = NO_TIME
    case = "first_opened_at unparsable (optional)"
    return [DirtyRow("emails", text(row["email_id"]), case, "kept, set to null")]


def voicemail(tables: Tables) -> list[DirtyRow]:
    """Give a call an outcome that there is not."""
    row = at([row for row in tables["calls"] if row["outcome"] == "not_closed"], VOICEMAIL_AT)
    row["outcome"] = VOICEMAIL
    return [DirtyRow("calls", text(row["call_id"]), "outcome is not one of the list (required)", "rejected")]


def meeting_with_nobody(tables: Tables) -> list[DirtyRow]:
    """Let a follow-up be with a lead that does not exist."""
    row = at([row for row in tables["meetings"] if row["kind"] == FOLLOW_UP], UNKNOWN_LEAD_AT)
    row["lead_id"] = UNKNOWN_LEAD
    return [DirtyRow("meetings", text(row["meeting_id"]), "lead_id points nowhere", "kept, (unknown)")]


STEPS: Steps = (
    repeated_lead,
    lead_without_score,
    orphan_activity,
    fax,
    email_opened_sometime,
    voicemail,
    meeting_with_nobody,
)
