"""The e-mails of the mail system: what reps write to leads, newsletters and promotions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .contacts import EMAIL, OUTBOUND, Contact
from .dates import AS_OF, PERIOD_END, PERIOD_START, at_work, months_between, working_day
from .draws import Draws
from .leads import Lead
from .tables import Row

OUTREACH, FOLLOW_UP, NEWSLETTER, PROMOTION = "outreach", "follow_up", "newsletter", "promotion"
DEAL_EMAIL_CHANCE = 0.20
"""Only some of the e-mails on deals go through the mail system, and only where the deal has a lead."""

NEWSLETTER_DAY = 12
NEWSLETTER_SIZE = 26
RECENT_DAYS = 400
PROMOTIONS: tuple[tuple[str, date, int], ...] = (
    ("autumn-service", date(2024, 9, 17), 60),
    ("winter-check", date(2025, 1, 21), 70),
    ("uv-200-launch", date(2025, 6, 3), 130),
    ("lamp-longlife", date(2025, 10, 8), 90),
    ("spring-service", date(2026, 3, 10), 80),
)
REPLY_HOURS = (1, 60)
OPEN_HOURS = (0.05, 40.0)
CLICK_MINUTES = (1, 14)
BOUNCE_MINUTES, DELIVERY_MINUTES = (1, 4), (0, 2)
NEVER_HEARD_OF_CHANCE = 0.004
"""How often the mail system reports neither a delivery nor a bounce."""


@dataclass(frozen=True)
class Habits:
    """What readers do with a type of e-mail: shares of sent (bounces), delivered (opens), opened (the rest)."""

    bounces: float
    opens: float
    clicks: float
    replies: float


HABITS: dict[str, Habits] = {
    OUTREACH: Habits(bounces=0.06, opens=0.36, clicks=0.15, replies=0.0),
    FOLLOW_UP: Habits(bounces=0.014, opens=0.44, clicks=0.20, replies=0.16),
    NEWSLETTER: Habits(bounces=0.024, opens=0.25, clicks=0.13, replies=0.01),
    PROMOTION: Habits(bounces=0.031, opens=0.19, clicks=0.21, replies=0.03),
}
# Campaigns that were read more, or less, than others of their type.
APPEAL: dict[str, float] = {"uv-200-launch": 1.7, "winter-check": 0.6, "spring-service": 1.2}


@dataclass(frozen=True)
class Sending:
    """One e-mail on its way; ``replied_at`` is set where the log knows the answer."""

    sent_at: datetime
    email_type: str
    campaign: str | None
    rep_id: str | None
    lead: Lead
    replied_at: datetime | None = None


def email_rows(leads: list[Lead], contacts: list[Contact]) -> list[Row]:
    """Return the table ``emails``."""
    draws = Draws("emails")
    sendings = [*personal(draws, leads, contacts), *newsletters(draws, leads), *promotions(draws, leads)]
    sendings.sort(key=lambda sending: sending.sent_at)
    return [email_row(draws, number, sending) for number, sending in enumerate(sendings, start=1)]


def personal(draws: Draws, leads: list[Lead], contacts: list[Contact]) -> Iterator[Sending]:
    """Yield what reps wrote: the first e-mail to a lead is outreach, the others follow up."""
    by_id = {lead.lead_id: lead for lead in leads}
    written: dict[str, int] = {}
    for contact in contacts:
        if contact.kind != EMAIL or contact.direction != OUTBOUND:
            continue
        lead = contact.lead
        if contact.deal and contact.deal.lead_id and draws.chance(DEAL_EMAIL_CHANCE):
            lead = by_id[contact.deal.lead_id]
        if lead is None:
            continue
        is_first = lead.lead_id not in written
        written[lead.lead_id] = 1
        yield Sending(
            contact.occurred_at,
            OUTREACH if is_first else FOLLOW_UP,
            lead.campaign if is_first else None,
            contact.rep_id,
            lead,
            contact.replied_at,
        )


def newsletters(draws: Draws, leads: list[Lead]) -> Iterator[Sending]:
    """Yield the monthly newsletter to some of the recent leads."""
    for month in months_between(PERIOD_START, PERIOD_END):
        day = working_day(draws, month.replace(day=NEWSLETTER_DAY))
        yield from bulk(draws, leads, day, NEWSLETTER, f"news-{month:%Y-%m}", NEWSLETTER_SIZE)


def promotions(draws: Draws, leads: list[Lead]) -> Iterator[Sending]:
    """Yield the promotions."""
    for campaign, day, size in PROMOTIONS:
        yield from bulk(draws, leads, day, PROMOTION, campaign, size)


def bulk(draws: Draws, leads: list[Lead], day: date, email_type: str, campaign: str, size: int) -> Iterator[Sending]:
    """Yield one e-mail to each of up to ``size`` leads that were live on ``day``."""
    sent_at = at_work(draws, day)
    first = sent_at - timedelta(days=RECENT_DAYS)
    readers = [
        lead
        for lead in leads
        if first < lead.created_at < sent_at and (lead.disqualified_at is None or lead.disqualified_at > sent_at)
    ]
    share = size / max(size, len(readers))
    for lead in readers:
        if draws.chance(share):
            yield Sending(sent_at, email_type, campaign, None, lead)


def email_row(draws: Draws, number: int, sending: Sending) -> Row:
    """Return an e-mail with what became of it."""
    habits = HABITS[sending.email_type]
    row: Row = {
        "email_id": f"E{number:04d}",
        "sent_at": sending.sent_at,
        "email_type": sending.email_type,
        "campaign": sending.campaign,
        "rep_id": sending.rep_id,
        "lead_id": sending.lead.lead_id,
        "delivered_at": None,
        "bounced_at": None,
        "first_opened_at": None,
        "first_clicked_at": None,
        "replied_at": None,
    }
    replied_at = sending.replied_at
    if replied_at is None and draws.chance(habits.bounces):
        row["bounced_at"] = sending.sent_at + timedelta(minutes=draws.whole(*BOUNCE_MINUTES))
        return row
    if replied_at is None and draws.chance(NEVER_HEARD_OF_CHANCE):
        return row
    delivered_at = sending.sent_at + timedelta(minutes=draws.whole(*DELIVERY_MINUTES))
    row["delivered_at"] = delivered_at
    appeal = APPEAL.get(sending.campaign or "", 1.0)
    if replied_at is None and not draws.chance(habits.opens * appeal):
        return row
    wait = timedelta(minutes=int(draws.between(*OPEN_HOURS) * draws.unit() * draws.unit() * 60))
    opened_at = min(delivered_at + wait, replied_at or AS_OF - timedelta(minutes=1))
    row["first_opened_at"] = max(opened_at, delivered_at)
    if draws.chance(habits.clicks):
        clicked_at = max(opened_at, delivered_at) + timedelta(minutes=draws.whole(*CLICK_MINUTES))
        row["first_clicked_at"] = clicked_at if clicked_at < AS_OF else None
    if replied_at is None and draws.chance(habits.replies):
        later = max(opened_at, delivered_at) + timedelta(hours=draws.whole(*REPLY_HOURS))
        replied_at = later if later < AS_OF else None
    row["replied_at"] = replied_at
    return row
