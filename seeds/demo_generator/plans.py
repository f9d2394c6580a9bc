"""The Filter Plan of the shop: how it is sold, and how long the customers keep it.

A shop account is offered the plan by its rep; some take it at the first attempt, some later, some never. A plan runs
from month to month, and how long depends on who sold it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from .accounts import Account
from .catalog import FILTER_PLAN, LOST, LOST_STAGE, NEW_BUSINESS, OPEN, WON_STAGE
from .dates import AS_OF, HISTORY_START, MONTHS_PER_YEAR, PERIOD_START, at_work, working_day
from .deals import Deal, archive
from .draws import Draws
from .people import acting_rep
from .wording import lost_reason

TAKES_PLAN_CHANCE = 0.78
"""The share of shop accounts that take a filter plan at some time."""
OFFERED_AFTER_DAYS = (2, 200)
AGAIN_AFTER_DAYS = (60, 240)
REFUSED_FIRST_CHANCE = 0.40
DISCUSSED_DAYS = (8, 38)
STARTS_AFTER_DAYS = (1, 6)
PLAN_SIZE: tuple[tuple[int, float], ...] = ((1, 0.50), (2, 0.27), (3, 0.14), (5, 0.09))
OFFER_SHARE = (0.2, 0.7)
"""When within the talks the offer is made."""
DISCOVERY, PROPOSAL = "Discovery", "Proposal"


@dataclass
class Plan:
    """What one shop account has of the plan: the talks about it, and since when it has how many units of it."""

    account: Account
    deals: list[Deal] = field(default_factory=list)
    size: int = 0
    started_on: date | None = None


def build_plans(shop_accounts: list[Account]) -> list[Plan]:
    """Return what every shop account has of the plan."""
    draws = Draws("plans")
    return [plan_of(draws, account) for account in shop_accounts]


def plan_of(draws: Draws, account: Account) -> Plan:
    """Return one account's plan, with the deals that led to it, or to nothing."""
    plan = Plan(account)
    takes_it = draws.chance(TAKES_PLAN_CHANCE)
    day = account.created_at.date() + timedelta(days=draws.whole(*OFFERED_AFTER_DAYS))
    if not takes_it or draws.chance(REFUSED_FIRST_CHANCE):
        plan.deals += talks(draws, account, day, draws.weighted(PLAN_SIZE), LOST_STAGE)
        day += timedelta(days=draws.whole(*AGAIN_AFTER_DAYS))
    if takes_it:
        size = draws.weighted(PLAN_SIZE)
        for deal in talks(draws, account, day, size, WON_STAGE):
            plan.deals.append(deal)
            if deal.closed_at:
                plan.size = size
                plan.started_on = deal.closed_at.date() + timedelta(days=draws.whole(*STARTS_AFTER_DAYS))
    return plan


def talks(draws: Draws, account: Account, day: date, size: int, final: str) -> Iterator[Deal]:
    """Yield the deal about a plan that begins on ``day``; none before the demo, and a lost one not of long ago."""
    first = working_day(draws, day)
    days = draws.whole(*DISCUSSED_DAYS)
    offered = first + timedelta(days=1 + int(days * draws.between(*OFFER_SHARE)))
    closed = working_day(draws, first + timedelta(days=days + 1))
    planned: list[tuple[str, datetime]] = [(DISCOVERY, at_work(draws, first))]
    planned += [(PROPOSAL, at_work(draws, min(offered, closed - timedelta(days=1)))), (final, at_work(draws, closed))]
    changes = tuple(change for change in planned if change[1] < AS_OF)
    if not changes or (final == LOST_STAGE and closed < HISTORY_START):
        return
    deal = Deal(
        created_at=changes[0][1],
        pipeline=NEW_BUSINESS,
        rep_id=acting_rep(account.first_owner_id, closed),
        account=account,
        product=FILTER_PLAN,
        channel=account.channel,
        campaign=None,
        kind="new",
        amount=Decimal(FILTER_PLAN.list_price * MONTHS_PER_YEAR * size).quantize(Decimal("0.01")),
        changes=changes,
        expected_close_on=closed,
    )
    if deal.outcome != OPEN and closed < PERIOD_START:
        archive(deal)
    elif deal.outcome == LOST:
        deal.lost_reason = lost_reason(draws, PROPOSAL)
    yield deal
