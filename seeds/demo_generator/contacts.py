"""The contacts with leads and deals: calls, e-mails, meetings, and the notes and tasks around them.

This is the CRM's log (the table ``activities``). The tables ``calls`` and ``emails`` hold what the
telephone and the mail system know about some of these contacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .catalog import OPEN, RENEWAL, outcome_of
from .dates import AS_OF, PERIOD_START, business_time
from .deals import Deal
from .draws import Draws
from .leads import Lead, minute
from .meetings import HELD, Meeting
from .people import Rep, acting_rep
from .tables import Row

CALL, EMAIL, MEETING, NOTE, TASK = "call", "email", "meeting", "note", "task"
OUTBOUND, INBOUND = "outbound", "inbound"

FIRST_KINDS: tuple[tuple[str, float], ...] = ((CALL, 0.46), (EMAIL, 0.50), (MEETING, 0.04))
OUTBOUND_FIRST_KINDS: tuple[tuple[str, float], ...] = ((CALL, 0.62), (EMAIL, 0.38))
FURTHER_KINDS: tuple[tuple[str, float], ...] = ((CALL, 0.42), (EMAIL, 0.58))
DEAL_KINDS: tuple[tuple[str, float], ...] = ((CALL, 0.47), (EMAIL, 0.45), (NOTE, 0.06), (TASK, 0.04))

# How many more times a rep tries a lead that leads to nothing.
FURTHER_TRIES: tuple[tuple[int, float], ...] = ((0, 0.42), (1, 0.28), (2, 0.16), (3, 0.08), (5, 0.04), (8, 0.01))
TRY_GAP_DAYS = (1.5, 8.0)
WARM_GAP_DAYS = (1.5, 10.0)
"""Between contacts with a lead that will become a deal."""
NURTURE_GAP_DAYS = 22.0
"""Between contacts with a qualified lead that has not become one."""
NURTURE_SIGMA = 0.6
REPLY_CHANCE = {True: 0.30, False: 0.08}
"""How often an outbound e-mail is answered, by whether the lead is good."""
REPLY_MINUTES = (12, 2600)
NUDGE_CHANCE = 0.25
"""How often an unanswered lead asks again."""
NUDGE_DAYS = (2.0, 12.0)

GAP_DAYS = {RENEWAL: 36.0}
NEW_BUSINESS_GAP_DAYS = 21.0
GAP_SIGMA = 0.7
NEGLECTED_CHANCE, NEGLECTED_FACTOR = 0.10, 2.8
FIRST_GAP_FACTOR = 0.35
SKILL_RANGE = 2.0
"""A rep's gaps are longer by this less the skill."""
DEAL_INBOUND_CHANCE = 0.17


@dataclass
class Contact:
    """One entry of the log; ``replied_at`` is when an outbound e-mail was answered."""

    occurred_at: datetime
    kind: str
    direction: str | None
    rep_id: str | None
    lead: Lead | None = None
    deal: Deal | None = None
    replied_at: datetime | None = None


def build_contacts(reps: list[Rep], leads: list[Lead], deals: list[Deal], meetings: list[Meeting]) -> list[Contact]:
    """Return the contacts in the order in which they happened."""
    draws = Draws("contacts")
    skills = {rep.rep_id: rep.skill for rep in reps}
    contacts = [contact for lead in leads for contact in lead_contacts(draws, lead)]
    contacts += [contact for deal in deals for contact in deal_contacts(draws, deal, skills[deal.rep_id])]
    contacts += [
        Contact(meeting.scheduled_for, MEETING, OUTBOUND, meeting.rep_id, meeting.lead, meeting.deal)
        for meeting in meetings
        if meeting.status == HELD and meeting.scheduled_for.date() >= PERIOD_START
    ]
    contacts.sort(key=lambda contact: contact.occurred_at)
    return contacts


def lead_contacts(draws: Draws, lead: Lead) -> Iterator[Contact]:
    """Yield the contacts with a lead until it becomes a deal or is dropped."""
    when = lead.contacted_at
    if when is None:
        nudged_at = business_time(draws, minute(lead.created_at + timedelta(days=draws.between(*NUDGE_DAYS))))
        if draws.chance(NUDGE_CHANCE) and nudged_at < AS_OF:
            yield Contact(nudged_at, EMAIL, INBOUND, lead.rep_id, lead)
        return
    ends_at = lead.became_deal_at or lead.disqualified_at or AS_OF
    is_good = lead.qualified_at is not None
    tries = draws.weighted(FURTHER_TRIES)
    kind = draws.weighted(OUTBOUND_FIRST_KINDS if lead.channel == "outbound" else FIRST_KINDS)
    while when < ends_at:
        rep_id = lead.rep_id and acting_rep(lead.rep_id, when.date())
        contact = Contact(when, kind, OUTBOUND, rep_id, lead)
        yield contact
        if kind == EMAIL and draws.chance(REPLY_CHANCE[is_good]):
            replied_at = when + timedelta(minutes=draws.whole(*REPLY_MINUTES))
            if replied_at < ends_at:
                contact.replied_at = replied_at
                yield Contact(replied_at, EMAIL, INBOUND, rep_id, lead)
        if lead.deals:
            gap = draws.between(*WARM_GAP_DAYS)
        elif tries > 0:
            gap = draws.between(*TRY_GAP_DAYS)
            tries -= 1
        elif is_good:
            gap = NURTURE_GAP_DAYS * draws.log_normal(NURTURE_SIGMA)
        else:
            return
        when = business_time(draws, minute(when + timedelta(days=gap)))
        kind = draws.weighted(FURTHER_KINDS)


def deal_contacts(draws: Draws, deal: Deal, skill: float) -> Iterator[Contact]:
    """Yield the contacts with a deal while it is open."""
    mean_gap = GAP_DAYS.get(deal.pipeline, NEW_BUSINESS_GAP_DAYS) * (SKILL_RANGE - skill)
    if draws.chance(NEGLECTED_CHANCE):
        mean_gap *= NEGLECTED_FACTOR
    for starts_at, ends_at in open_spans(deal):
        gap = mean_gap * FIRST_GAP_FACTOR
        when = starts_at
        while True:
            when = business_time(draws, minute(when + timedelta(days=gap * draws.log_normal(GAP_SIGMA))))
            if when >= ends_at:
                break
            kind = draws.weighted(DEAL_KINDS)
            direction = INBOUND if draws.chance(DEAL_INBOUND_CHANCE) else OUTBOUND
            yield Contact(
                when,
                kind,
                direction if kind in (CALL, EMAIL) else None,
                acting_rep(deal.rep_id, when.date()),
                deal=deal,
            )
            gap = mean_gap


def open_spans(deal: Deal) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when to when a deal was open within the demo; a reopened one was so twice."""
    begins_at: datetime | None = None
    opening = datetime.combine(PERIOD_START, datetime.min.time())
    for stage, when in deal.changes:
        if outcome_of(deal.pipeline, stage) == OPEN:
            begins_at = begins_at or when
        elif begins_at is not None:
            if when > opening:
                yield max(begins_at, opening), when
            begins_at = None
    if begins_at is not None:
        yield max(begins_at, opening), AS_OF


def activity_rows(contacts: list[Contact]) -> list[Row]:
    """Return the table ``activities``; each row names the lead or the deal, and through it the account."""
    return [
        {
            "activity_id": f"T{number:05d}",
            "kind": contact.kind,
            "direction": contact.direction,
            "occurred_at": contact.occurred_at,
            "rep_id": contact.rep_id,
            "lead_id": contact.lead.lead_id if contact.lead else None,
            "deal_id": contact.deal.deal_id if contact.deal else None,
            "account_id": None,
        }
        for number, contact in enumerate(contacts, start=1)
    ]
