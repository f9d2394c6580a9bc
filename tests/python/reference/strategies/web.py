"""Sessions, pixel events, ad spend and brand mentions."""

from collections.abc import Sequence

from hypothesis.strategies import SearchStrategy

from ..company import Row
from .prospects import VISITOR_IDS
from .texts import (
    BAD_DAYS,
    BAD_MOMENTS,
    CAMPAIGNS,
    CHANNELS,
    Texts,
    amounts,
    currencies,
    keys,
    links,
    maybe,
    one,
    rarely,
    rows_of,
)


def sessions(moments: Texts) -> SearchStrategy[list[Row]]:
    """Sessions of few visitors, so that they come back, also by other channels."""
    return rows_of(
        ("s1", "s2", "s3", "s4", "s5", "s10"),
        "session_id",
        {
            "visitor_id": rarely(one(*VISITOR_IDS), None, one_in=25),
            "started_at": rarely(moments, None, *BAD_MOMENTS, one_in=25),
            "channel": one(*CHANNELS),
            "campaign": one(*CAMPAIGNS),
            "landing_page": one("/", "/pricing", None),
        },
    )


def pixel_events(sessions: Sequence[Row], moments: Texts) -> SearchStrategy[list[Row]]:
    """The steps of few sessions; of some only the visitor is known, or not even that."""
    steps = ("ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
    return rows_of(
        tuple(f"x{n}" for n in (1, 2, 3, 4, 5, 6, 7, 10)),
        "event_id",
        {
            "event_name": rarely(one(*steps, "Purchase", "InitiateCheckout"), None, "purchase", "Search", one_in=10),
            "occurred_at": rarely(moments, None, *BAD_MOMENTS, one_in=25),
            "session_id": links(keys(sessions, "session_id")[:2], "s99", none_in_ten=3),
            "visitor_id": links(VISITOR_IDS[:2], "v9", none_in_ten=3),
            "channel": one(*CHANNELS),
            "campaign": one(*CAMPAIGNS),
            "value": maybe(amounts(), in_ten=7),
            "currency": currencies(),
        },
    )


def ad_spend(days: Texts) -> SearchStrategy[list[Row]]:
    """Spend with clicks, without any, and with clicks that are not known."""
    return rows_of(
        tuple(f"k{n}" for n in range(1, 6)),
        "spend_id",
        {
            "spent_on": rarely(days, None, *BAD_DAYS, one_in=20),
            "platform": rarely(one("Facebook", "Google"), None, one_in=20),
            "channel": one(*CHANNELS),
            "campaign": one(*CAMPAIGNS),
            "impressions": one("1000", "0", None, "many"),
            "clicks": one("10", "3", "0", None, "2.5"),
            "cost": rarely(amounts(), "0", one_in=10),
            "currency": currencies(),
        },
    )


def brand_mentions(moments: Texts) -> SearchStrategy[list[Row]]:
    """Mentions of every sentiment and of none."""
    return rows_of(
        tuple(f"b{n}" for n in range(1, 6)),
        "mention_id",
        {
            "mentioned_at": rarely(moments, None, *BAD_MOMENTS, one_in=25),
            "platform": one("forum", "news", None),
            "sentiment": rarely(one("positive", "negative", "neutral", None), "angry"),
            "reach": one("100", "0", None, "3k"),
        },
    )
