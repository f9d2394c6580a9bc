"""Leads, and what was done to win them: activities, e-mails, calls, meetings and quotes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .entity import Entity
from .parsing import boolean, decimal, instant, integer, one_of, rate


@dataclass(frozen=True)
class Lead:
    """Somebody who may buy; `rep_id` owns the lead, another rep may have generated it."""

    lead_id: str
    created_at: datetime
    channel: str | None
    campaign: str | None
    origin: str | None
    is_provided: bool | None
    rep_id: str | None
    generated_by_rep_id: str | None
    visitor_id: str | None
    account_id: str | None
    score: Decimal | None
    mql_at: datetime | None
    qualified_at: datetime | None
    disqualified_at: datetime | None


@dataclass(frozen=True)
class Activity:
    """Something that a rep did, or a prospect."""

    activity_id: str
    kind: str
    direction: str | None
    occurred_at: datetime
    rep_id: str | None
    lead_id: str | None
    deal_id: str | None
    account_id: str | None


@dataclass(frozen=True)
class Email:
    """An e-mail and what became of it."""

    email_id: str
    sent_at: datetime
    email_type: str | None
    campaign: str | None
    rep_id: str | None
    lead_id: str | None
    delivered_at: datetime | None
    bounced_at: datetime | None
    first_opened_at: datetime | None
    first_clicked_at: datetime | None
    replied_at: datetime | None


@dataclass(frozen=True)
class Call:
    """A sales call; of one that was not closed, whether it could have been."""

    call_id: str
    started_at: datetime
    rep_id: str | None
    lead_id: str | None
    deal_id: str | None
    direction: str | None
    outcome: str
    is_winnable: bool | None
    duration_seconds: int | None


@dataclass(frozen=True)
class Meeting:
    """A meeting, with its status as delivered; before it takes place it is scheduled."""

    meeting_id: str
    scheduled_for: datetime
    booked_at: datetime | None
    kind: str | None
    status: str
    rep_id: str | None
    lead_id: str | None
    account_id: str | None
    deal_id: str | None


@dataclass(frozen=True)
class Quote:
    """A quote, with its status as delivered."""

    quote_id: str
    sent_at: datetime
    deal_id: str | None
    rep_id: str | None
    product_id: str | None
    amount: Decimal | None
    currency: str | None
    status: str
    decided_at: datetime | None


_DIRECTION = one_of("outbound", "inbound")

ENTITIES = {
    "leads": Entity(
        Lead,
        ("lead_id",),
        ("lead_id", "created_at"),
        {
            "created_at": instant,
            "origin": one_of("marketing", "sales", "partner"),
            "is_provided": boolean,
            "score": rate,
            "mql_at": instant,
            "qualified_at": instant,
            "disqualified_at": instant,
        },
    ),
    "activities": Entity(
        Activity,
        ("activity_id",),
        ("activity_id", "kind", "occurred_at"),
        {
            "kind": one_of("call", "email", "meeting", "note", "task"),
            "direction": _DIRECTION,
            "occurred_at": instant,
        },
    ),
    "emails": Entity(
        Email,
        ("email_id",),
        ("email_id", "sent_at"),
        {
            "sent_at": instant,
            "delivered_at": instant,
            "bounced_at": instant,
            "first_opened_at": instant,
            "first_clicked_at": instant,
            "replied_at": instant,
        },
    ),
    "calls": Entity(
        Call,
        ("call_id",),
        ("call_id", "started_at", "outcome"),
        {
            "started_at": instant,
            "direction": _DIRECTION,
            "outcome": one_of("closed", "not_closed"),
            "is_winnable": boolean,
            "duration_seconds": integer,
        },
    ),
    "meetings": Entity(
        Meeting,
        ("meeting_id",),
        ("meeting_id", "scheduled_for", "status"),
        {
            "scheduled_for": instant,
            "booked_at": instant,
            "kind": one_of("discovery", "demo", "follow_up"),
            "status": one_of("scheduled", "held", "no_show", "cancelled"),
        },
    ),
    "quotes": Entity(
        Quote,
        ("quote_id",),
        ("quote_id", "sent_at", "status"),
        {
            "sent_at": instant,
            "amount": decimal,
            "status": one_of("open", "accepted", "rejected", "expired"),
            "decided_at": instant,
        },
    ),
}
