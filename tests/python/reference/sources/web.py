"""What happens before a lead is known: sessions, pixel events, ad spend and brand mentions."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from .entity import Entity
from .parsing import day, decimal, instant, integer, one_of


@dataclass(frozen=True)
class Session:
    """A visit to the web site."""

    session_id: str
    visitor_id: str
    started_at: datetime
    channel: str | None
    source: str | None
    medium: str | None
    campaign: str | None
    landing_page: str | None


@dataclass(frozen=True)
class PixelEvent:
    """Something that a visitor did on the site; any event name is allowed."""

    event_id: str
    event_name: str
    occurred_at: datetime
    session_id: str | None
    visitor_id: str | None
    channel: str | None
    campaign: str | None
    value: Decimal | None
    currency: str | None


@dataclass(frozen=True)
class AdSpend:
    """What an advertisement cost on a day."""

    spend_id: str
    spent_on: date
    platform: str
    channel: str | None
    campaign: str | None
    impressions: int | None
    clicks: int | None
    cost: Decimal
    currency: str | None


@dataclass(frozen=True)
class BrandMention:
    """Somebody spoke of the brand."""

    mention_id: str
    mentioned_at: datetime
    platform: str | None
    sentiment: str | None
    reach: int | None
    url: str | None


ENTITIES = {
    "sessions": Entity(
        Session,
        ("session_id",),
        ("session_id", "visitor_id", "started_at"),
        {"started_at": instant},
    ),
    "pixel_events": Entity(
        PixelEvent,
        ("event_id",),
        ("event_id", "event_name", "occurred_at"),
        {"occurred_at": instant, "value": decimal},
    ),
    "ad_spend": Entity(
        AdSpend,
        ("spend_id",),
        ("spend_id", "spent_on", "platform", "cost"),
        {"spent_on": day, "impressions": integer, "clicks": integer, "cost": decimal},
    ),
    "brand_mentions": Entity(
        BrandMention,
        ("mention_id",),
        ("mention_id", "mentioned_at"),
        {
            "mentioned_at": instant,
            "sentiment": one_of("positive", "neutral", "negative"),
            "reach": integer,
        },
    ),
}
