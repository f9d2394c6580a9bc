"""The quotes: one for each new-business deal that reaches a proposal, and the revisions of some.

A filter plan has a price list, and needs no quote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from .catalog import FILTER_PLAN, LOST, NEW_BUSINESS, WON
from .dates import AS_OF, PERIOD_START, business_time
from .deals import Deal, rounded
from .draws import Draws
from .leads import minute
from .tables import Row

QUOTED_FROM = ("Proposal", "Negotiation", "Contract")
SENT_AFTER_MINUTES = (20, 2200)
REVISION_CHANCE = {WON: 0.34, LOST: 0.24}
OPEN_REVISION_CHANCE = 0.15
FIRST_QUOTE_MARKUP = (1.02, 1.18)
"""A quote that is revised asked for more."""
EXPIRES_DAYS = 60
EXPIRED_SHARE = 0.30
"""The share of lost quotes that nobody answered, where they had the time to expire."""
UNDATED_CHANCE = 0.02
"""How often an accepted quote has no date of its acceptance."""


@dataclass(frozen=True)
class Quote:
    """One quote."""

    sent_at: datetime
    deal: Deal
    amount: Decimal | None
    status: str
    decided_at: datetime | None


def build_quotes(deals: list[Deal]) -> list[Quote]:
    """Return the quotes in the order in which they were sent."""
    draws = Draws("quotes")
    quoted = [deal for deal in deals if deal.pipeline == NEW_BUSINESS and deal.product != FILTER_PLAN]
    quotes = [quote for deal in quoted for quote in quotes_of(draws, deal)]
    quotes.sort(key=lambda quote: quote.sent_at)
    return [quote for quote in quotes if quote.sent_at.date() >= PERIOD_START]


def quotes_of(draws: Draws, deal: Deal) -> Iterator[Quote]:
    """Yield the quotes of a deal."""
    entered_at = next((when for stage, when in deal.changes if stage in QUOTED_FROM), None)
    if entered_at is None:
        return
    closed_at = deal.closed_at
    ends_at = closed_at or AS_OF
    sent_at = business_time(draws, minute(entered_at + timedelta(minutes=draws.whole(*SENT_AFTER_MINUTES))))
    sent_at = min(sent_at, ends_at - timedelta(minutes=1))
    if draws.chance(REVISION_CHANCE.get(deal.outcome, OPEN_REVISION_CHANCE)):
        turned_down_at = minute(sent_at + (ends_at - sent_at) * draws.between(0.2, 0.8))
        markup = draws.between(*FIRST_QUOTE_MARKUP)
        amount = None if deal.amount is None else rounded(float(deal.amount) * markup)
        yield Quote(sent_at, deal, amount, "rejected", turned_down_at)
        sent_at = min(turned_down_at + timedelta(minutes=draws.whole(30, 900)), ends_at - timedelta(minutes=1))
    if closed_at is None:
        yield Quote(sent_at, deal, deal.amount, "open", None)
    elif deal.outcome == WON:
        decided_at = None if draws.chance(UNDATED_CHANCE) else closed_at
        yield Quote(sent_at, deal, deal.amount, "accepted", decided_at)
    else:
        expires_at = sent_at + timedelta(days=EXPIRES_DAYS)
        is_expired = expires_at < closed_at or (expires_at < AS_OF and draws.chance(EXPIRED_SHARE))
        yield Quote(
            sent_at,
            deal,
            deal.amount,
            "expired" if is_expired else "rejected",
            expires_at if is_expired else closed_at,
        )


def quote_rows(quotes: list[Quote]) -> list[Row]:
    """Return the table ``quotes``."""
    return [
        {
            "quote_id": f"Q-{number:04d}",
            "sent_at": quote.sent_at,
            "deal_id": quote.deal.deal_id,
            "rep_id": quote.deal.rep_id,
            "product_id": quote.deal.product.product_id,
            "amount": quote.amount,
            "currency": quote.deal.account.currency,
            "status": quote.status,
            "decided_at": quote.decided_at,
        }
        for number, quote in enumerate(quotes, start=1)
    ]
