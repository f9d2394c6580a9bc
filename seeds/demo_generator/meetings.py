"""The meetings: discovery calls with leads, demos and follow-ups with deals, and who did not show up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .catalog import FILTER_PLAN, LOST_STAGE, NEW_BUSINESS, RENEWAL, WON
from .dates import AS_OF, PERIOD_START, at_work, working_day
from .deals import Deal
from .draws import Draws
from .leads import Lead
from .people import Rep, acting_rep
from .tables import Row

DISCOVERY, DEMO, FOLLOW_UP = "discovery", "demo", "follow_up"
SCHEDULED, HELD, NO_SHOW, CANCELLED = "scheduled", "held", "no_show", "cancelled"

DISCOVERY_CHANCE = 0.72
DEMO_CHANCE = 0.62
DEMO_STAGES = ("Qualified", "Proposal")
FOLLOW_UP_CHANCE = {True: 0.62, False: 0.34}
"""By whether the deal will be won; a further one follows half as often."""
MOST_FOLLOW_UPS = 3
REVIEW_CHANCE = 0.30
"""How often a renewal is talked over in a meeting."""

MEAN_NO_SHOW = 0.31
NO_SHOW_SPREAD = 0.17
"""How far a rep's own no-show rate lies from the mean, at most."""
FOLLOW_UP_NO_SHOW = 0.4
"""No-shows of follow-ups, relative to first presentations."""
CANCELLED_CHANCE = 0.09
REBOOKED_CHANCE = 0.55
FORGOTTEN_STATUS_CHANCE = 0.012
"""How often nobody enters what became of a meeting."""

NOTICE_DAYS = (2, 12)
REBOOKED_DAYS = (3, 10)
FOLLOW_UP_DAYS = (6, 22)
QUARTER_HOUR = 15


@dataclass
class Meeting:
    """One meeting; ``meeting_id`` is given at the end, in the order of the calendar."""

    scheduled_for: datetime
    booked_at: datetime
    kind: str | None
    status: str
    rep_id: str | None
    lead: Lead | None = None
    deal: Deal | None = None
    meeting_id: str = ""


class Calendar:
    """Books meetings and decides what becomes of them."""

    def __init__(self, reps: list[Rep]) -> None:
        """Give every rep a no-show rate."""
        self._draws = Draws("meetings")
        rates = Draws("meetings/no_shows")
        self._no_show = {rep.rep_id: MEAN_NO_SHOW + NO_SHOW_SPREAD * rates.between(-1.0, 1.0) for rep in reps}

    def of_lead(self, lead: Lead) -> Iterator[Meeting]:
        """Yield the discovery calls of a qualified lead."""
        draws = self._draws
        if lead.contacted_at is None or lead.qualified_at is None or not draws.chance(DISCOVERY_CHANCE):
            return
        booked_at = lead.contacted_at + timedelta(minutes=draws.whole(5, 120))
        ends_at = lead.disqualified_at or AS_OF + timedelta(days=NOTICE_DAYS[1])
        yield from self._book(DISCOVERY, booked_at, ends_at, lead=lead)

    def of_deal(self, deal: Deal) -> Iterator[Meeting]:
        """Yield the demos and follow-ups of a deal; a filter plan is sold by telephone."""
        draws = self._draws
        if deal.product == FILTER_PLAN:
            return
        is_renewal = deal.pipeline == RENEWAL
        if not draws.chance(REVIEW_CHANCE if is_renewal else DEMO_CHANCE):
            return
        starts_at = next((when for stage, when in deal.changes if stage in DEMO_STAGES), None)
        if starts_at is None:
            return
        ends_at = first_closing(deal) or AS_OF + timedelta(days=FOLLOW_UP_DAYS[1])
        kind = FOLLOW_UP if is_renewal else DEMO
        meetings = list(self._book(kind, starts_at, ends_at, deal=deal))
        yield from meetings
        chance = FOLLOW_UP_CHANCE[deal.outcome == WON]
        for _ in range(MOST_FOLLOW_UPS):
            if not meetings or meetings[-1].status != HELD or not draws.chance(chance):
                return
            starts_at = meetings[-1].scheduled_for + timedelta(days=FOLLOW_UP_DAYS[0])
            meetings = list(self._book(FOLLOW_UP, starts_at, ends_at, deal=deal))
            yield from meetings
            chance /= 2

    def _book(
        self, kind: str, booked_at: datetime, ends_at: datetime, lead: Lead | None = None, deal: Deal | None = None
    ) -> Iterator[Meeting]:
        """Yield a meeting and, after a no-show, perhaps the next attempt; none begins after ``ends_at``."""
        draws = self._draws
        rep_id = deal.rep_id if deal else lead.rep_id if lead else None
        days = NOTICE_DAYS
        while booked_at.date() >= PERIOD_START and booked_at < AS_OF:
            day = working_day(draws, booked_at.date() + timedelta(days=draws.whole(*days)))
            scheduled_for = quarter_hour(at_work(draws, day))
            if not booked_at < scheduled_for < ends_at:
                return
            status = self._status(kind, rep_id) if scheduled_for < AS_OF else SCHEDULED
            yield Meeting(scheduled_for, booked_at, kind, status, rep_id and acting_rep(rep_id, day), lead, deal)
            if status != NO_SHOW or not draws.chance(REBOOKED_CHANCE):
                return
            booked_at, days = scheduled_for + timedelta(minutes=draws.whole(20, 300)), REBOOKED_DAYS

    def _status(self, kind: str, rep_id: str | None) -> str:
        """Return what became of a meeting."""
        draws = self._draws
        if draws.chance(CANCELLED_CHANCE):
            return CANCELLED
        if draws.chance(FORGOTTEN_STATUS_CHANCE):
            return SCHEDULED
        no_show = self._no_show.get(rep_id or "", MEAN_NO_SHOW)
        return NO_SHOW if draws.chance(no_show * (FOLLOW_UP_NO_SHOW if kind == FOLLOW_UP else 1.0)) else HELD


def build_meetings(reps: list[Rep], leads: list[Lead], deals: list[Deal]) -> list[Meeting]:
    """Return the meetings in the order of the calendar, with their ids."""
    calendar = Calendar(reps)
    meetings = [meeting for lead in leads for meeting in calendar.of_lead(lead)]
    meetings += [meeting for deal in deals for meeting in calendar.of_deal(deal)]
    meetings += earlier_meetings(deals)
    meetings.sort(key=lambda meeting: meeting.scheduled_for)
    for number, meeting in enumerate(meetings, start=1):
        meeting.meeting_id = f"M-{number:04d}"
    return meetings


def earlier_meetings(deals: list[Deal]) -> Iterator[Meeting]:
    """Yield the first meeting with each customer won before the period; else a later one would seem to be the first.

    The former CRM knew no kinds of meetings.
    """
    draws = Draws("meetings/earlier")
    met: set[str] = set()
    for deal in deals:
        is_sale = deal.outcome == WON and deal.pipeline == NEW_BUSINESS and deal.product != FILTER_PLAN
        if not deal.is_archived or not is_sale or deal.account.account_id in met:
            continue
        met.add(deal.account.account_id)
        day = working_day(draws, deal.created_at.date() + timedelta(days=NOTICE_DAYS[0]))
        scheduled_for = quarter_hour(at_work(draws, max(day, deal.created_at.date() + timedelta(days=1))))
        yield Meeting(scheduled_for, deal.created_at, None, HELD, acting_rep(deal.rep_id, day), deal=deal)


def first_closing(deal: Deal) -> datetime | None:
    """Return when a deal was closed for the first time; None while it never was."""
    for stage, when in deal.changes:
        if stage == LOST_STAGE:
            return when
    return deal.closed_at


def quarter_hour(when: datetime) -> datetime:
    """Return a time at which a calendar lets a meeting begin."""
    return when.replace(minute=when.minute - when.minute % QUARTER_HOUR)


def meeting_rows(meetings: list[Meeting]) -> list[Row]:
    """Return the table ``meetings``; a meeting with a lead reaches its account through the lead."""
    return [
        {
            "meeting_id": meeting.meeting_id,
            "scheduled_for": meeting.scheduled_for,
            "booked_at": meeting.booked_at,
            "kind": meeting.kind,
            "status": meeting.status,
            "rep_id": meeting.rep_id,
            "lead_id": meeting.lead.lead_id if meeting.lead else None,
            "account_id": meeting.deal.account.account_id if meeting.deal else None,
            "deal_id": meeting.deal.deal_id if meeting.deal else None,
        }
        for meeting in meetings
    ]
