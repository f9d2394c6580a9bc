"""What the pixel on the website reports from the sessions: views, carts, checkouts, purchases, leads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from .dates import AS_OF
from .draws import Draws
from .tables import Row
from .visits import DISPLAY, ORGANIC, PAID_SEARCH, PAID_SOCIAL, SHOP_PAGE, Visit

VIEW, CART, CHECKOUT, PURCHASE, LEAD = "ViewContent", "AddToCart", "InitiateCheckout", "Purchase", "Lead"

VIEW_CHANCE = {ORGANIC: 0.46, PAID_SEARCH: 0.55, PAID_SOCIAL: 0.34, DISPLAY: 0.24}
SHOP_PAGE_FIT = 1.5
SECOND_VIEW_CHANCE = 0.20
CART_CHANCE = {ORGANIC: 0.24, PAID_SEARCH: 0.29, PAID_SOCIAL: 0.15, DISPLAY: 0.10}
CHECKOUT_CHANCE = 0.46
"""Of the carts that end without a purchase."""
BLOCKED_CHANCE = 0.06
"""How often a browser keeps a purchase from the pixel."""
STEP_MINUTES = (1, 4)


def pixel_rows(visits: list[Visit]) -> list[Row]:
    """Return the table ``pixel_events``; the visitor of an event is its session's."""
    draws = Draws("pixel")
    events = [event for visit in visits for event in events_of(draws, visit)]
    events.sort(key=lambda event: event[0])
    rows: list[Row] = []
    for occurred_at, name, visit in events:
        order = visit.order if name == PURCHASE else None
        rows.append(
            {
                "event_id": f"x{len(rows) + 1:04d}",
                "event_name": name,
                "occurred_at": occurred_at,
                "session_id": visit.session_id,
                "visitor_id": None,
                "channel": visit.channel,
                "campaign": visit.campaign,
                "value": order.value if order else None,
                "currency": order.currency if order else None,
            }
        )
    return rows


def events_of(draws: Draws, visit: Visit) -> Iterator[tuple[datetime, str, Visit]]:
    """Yield the events of a session, in their order."""
    when = visit.started_at
    if visit.order:
        when = visit.order.ordered_at
        if not draws.chance(BLOCKED_CHANCE):
            for name, minutes in ((VIEW, 5), (CART, 3), (CHECKOUT, 1), (PURCHASE, 0)):
                yield when - timedelta(minutes=minutes), name, visit
        return
    if visit.lead:
        yield visit.lead.created_at, LEAD, visit
        return
    for name in names_of(draws, visit):
        when += timedelta(minutes=draws.whole(*STEP_MINUTES))
        if when < AS_OF:
            yield when, name, visit


def names_of(draws: Draws, visit: Visit) -> Iterator[str]:
    """Yield how far somebody went who did not buy."""
    fit = SHOP_PAGE_FIT if visit.landing_page == SHOP_PAGE else 1.0
    if not draws.chance(VIEW_CHANCE[visit.channel] * fit):
        return
    yield VIEW
    if draws.chance(SECOND_VIEW_CHANCE):
        yield VIEW
    if draws.chance(CART_CHANCE[visit.channel]):
        yield CART
        if draws.chance(CHECKOUT_CHANCE):
            yield CHECKOUT
