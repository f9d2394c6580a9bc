"""The sales calls of the telephone system: closed, or lost although they could have been closed, or not to be won."""

from __future__ import annotations

from .catalog import LOST, OPEN, WON
from .contacts import CALL, Contact
from .draws import Draws
from .tables import Row

LOGGED_CHANCE = 0.35
"""The other calls were made on mobiles, or were no sales calls."""
# How often a call reaches its close, by what becomes of the deal or lead.
CLOSED_CHANCE = {WON: 0.56, OPEN: 0.32, LOST: 0.20}
LEAD_CLOSED_CHANCE = {True: 0.46, False: 0.13}
WINNABLE_CHANCE = {WON: 0.62, OPEN: 0.45, LOST: 0.36}
LEAD_WINNABLE_CHANCE = {True: 0.52, False: 0.26}
NOT_JUDGED_CHANCE = 0.05
TALK_SECONDS = (45, 900)
CLOSED_EXTRA_SECONDS = (120, 1100)


def call_rows(contacts: list[Contact]) -> list[Row]:
    """Return the table ``calls``."""
    draws = Draws("calls")
    rows: list[Row] = []
    for contact in contacts:
        if contact.kind != CALL or not draws.chance(LOGGED_CHANCE):
            continue
        closed_chance, winnable_chance = chances(contact)
        is_closed = draws.chance(closed_chance)
        is_winnable: bool | None = draws.chance(winnable_chance)
        if draws.chance(NOT_JUDGED_CHANCE):
            is_winnable = None
        seconds = draws.whole(*TALK_SECONDS)
        if is_closed:
            seconds += draws.whole(*CLOSED_EXTRA_SECONDS)
        rows.append(
            {
                "call_id": f"C{len(rows) + 1:04d}",
                "started_at": contact.occurred_at,
                "rep_id": contact.rep_id,
                "lead_id": contact.lead.lead_id if contact.lead else None,
                "deal_id": contact.deal.deal_id if contact.deal else None,
                "direction": contact.direction,
                "outcome": "closed" if is_closed else "not_closed",
                "is_winnable": None if is_closed else is_winnable,
                "duration_seconds": seconds,
            }
        )
    return rows


def chances(contact: Contact) -> tuple[float, float]:
    """Return how likely a call is to be closed, and to be winnable when it is not."""
    if contact.deal:
        return CLOSED_CHANCE[contact.deal.outcome], WINNABLE_CHANCE[contact.deal.outcome]
    is_good = contact.lead is not None and bool(contact.lead.deals)
    return LEAD_CLOSED_CHANCE[is_good], LEAD_WINNABLE_CHANCE[is_good]
