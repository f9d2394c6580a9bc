"""The subscriptions: service contracts, as the deals have them, and the Filter Plan of the shop.

A contract runs for a year; its renewal deal decides whether another one follows. A filter plan runs
from month to month, and how long depends on who sold it. Neither begins before its customer's first won deal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .accounts import Account
from .catalog import FILTER_PLAN, OPEN, RENEWAL, WON, Product
from .dates import AS_OF, DAYS_PER_YEAR, MONTHS_PER_YEAR, PERIOD_END, PERIOD_START
from .deals import Contract, Deal
from .draws import Draws
from .people import Rep, acting_rep
from .plans import Plan
from .tables import Row

NEW, RENEWED, UPSELL, DOWNGRADE, REACTIVATION = "new", "renewal", "upsell", "downgrade", "reactivation"
CENT = Decimal("0.01")

EARLIER_YEARS: tuple[tuple[int, float], ...] = ((1, 0.40), (2, 0.30), (3, 0.20), (4, 0.10))
MID_TERM_CHANGES: tuple[tuple[str | None, float], ...] = ((None, 0.86), (UPSELL, 0.09), (DOWNGRADE, 0.05))
MID_TERM_DAYS = (80, 280)
CHANGE_FACTOR = {UPSELL: (1.10, 1.45), DOWNGRADE: (0.60, 0.88)}

MONTHLY_CHURN = 0.025
CARELESSNESS = 5.0
"""How much more a weak seller's plans churn: the rate grows by this with every point of missing skill."""
LOWEST_CHURN = 0.006
PLAN_CHANGE_CHANCE = 0.018
PLAN_UPSELL_SHARE = 0.64
REACTIVATED_CHANCE = 0.16
REACTIVATED_DAYS = (45, 210)
MONTH_DAYS = 30


@dataclass(frozen=True)
class Subscription:
    """One term of a subscription on unchanged conditions."""

    account: Account
    rep_id: str
    product: Product
    started_on: date
    ended_on: date | None
    mrr: Decimal
    kind: str


def build_subscriptions(
    reps: list[Rep], deals: list[Deal], contracts: list[Contract], plans: list[Plan]
) -> list[Subscription]:
    """Return the subscriptions in the order in which they began."""
    found = [*contract_terms(deals, contracts), *filter_plans(reps, plans)]
    found.sort(key=lambda item: (item.started_on, item.account.account_id))
    return found


def contract_terms(deals: list[Deal], contracts: list[Contract]) -> Iterator[Subscription]:
    """Yield the terms of the service contracts."""
    draws = Draws("subscriptions/contracts")
    renewals = {deal.contract: deal for deal in deals if deal.contract}
    won_on = first_wins(deals)
    last_day: dict[str, date] = {}
    for contract in contracts:
        renewal = renewals.get(contract)
        if renewal is None and contract.due_on <= PERIOD_END:
            continue  # decided before the history begins, and in none of its deals
        ended_on = contract.due_on if renewal and renewal.outcome != OPEN else None
        started_on, kind = beginning(draws, contract, last_day, won_on)
        if started_on > PERIOD_END:
            continue
        if ended_on and ended_on > PERIOD_END:
            ended_on = None
        account_id = contract.account.account_id
        last_day[account_id] = max(last_day.get(account_id, started_on), contract.due_on)
        yield from terms(draws, contract, started_on, ended_on, kind)


def first_wins(deals: list[Deal]) -> dict[str, date]:
    """Return on which day each account became a customer."""
    days: dict[str, date] = {}
    for deal in deals:
        if deal.outcome == WON and deal.closed_at:
            day = deal.closed_at.date()
            days[deal.account.account_id] = min(days.get(deal.account.account_id, day), day)
    return days


def beginning(draws: Draws, contract: Contract, last_day: dict[str, date], won_on: dict[str, date]) -> tuple[date, str]:
    """Return when a contract's term began, and as what.

    ``last_day`` is until when accounts had others, ``won_on`` since when they are customers.
    """
    source = contract.source
    if source is None:
        years = draws.weighted(EARLIER_YEARS)
        earliest = won_on[contract.account.account_id]
        if contract.account.account_id not in last_day:
            return earliest, NEW  # the first purchase came with a contract
        return max(earliest, contract.due_on - timedelta(days=years * DAYS_PER_YEAR)), NEW
    if source.pipeline == RENEWAL and source.contract:
        return source.contract.due_on, RENEWED
    started_on = contract.due_on - timedelta(days=DAYS_PER_YEAR)
    until = last_day.get(contract.account.account_id)
    if until is None:
        return started_on, NEW
    return started_on, UPSELL if until >= started_on else REACTIVATION


def terms(
    draws: Draws, contract: Contract, started_on: date, ended_on: date | None, kind: str
) -> Iterator[Subscription]:
    """Yield a contract's term, cut in two where its scope was changed on the way."""
    mrr = (contract.amount / MONTHS_PER_YEAR).quantize(CENT)
    change = draws.weighted(MID_TERM_CHANGES)
    changed_on = contract.due_on - timedelta(days=draws.whole(*MID_TERM_DAYS))
    account, product = contract.account, contract.product
    if change and max(started_on, PERIOD_START) < changed_on < min(ended_on or AS_OF.date(), AS_OF.date()):
        low, high = CHANGE_FACTOR[change]
        before = (mrr / Decimal(str(round(draws.between(low, high), 2)))).quantize(CENT)
        yield Subscription(account, seller(account, started_on), product, started_on, changed_on, before, kind)
        started_on, kind = changed_on, change
    yield Subscription(account, seller(account, started_on), product, started_on, ended_on, mrr, kind)


def seller(account: Account, day: date) -> str:
    """Return who sells to an account on ``day``."""
    return acting_rep(account.first_owner_id, day)


def filter_plans(reps: list[Rep], plans: list[Plan]) -> Iterator[Subscription]:
    """Yield the filter plans of the accounts that have one."""
    draws = Draws("subscriptions/plans")
    skills = {rep.rep_id: rep.skill for rep in reps}
    for plan in plans:
        if plan.started_on is None:
            continue
        skill = skills[plan.account.first_owner_id]
        churn = max(LOWEST_CHURN, MONTHLY_CHURN * (1.0 + CARELESSNESS * (1.0 - skill)))
        yield from plan_terms(draws, plan.account, plan.started_on, plan.size, churn)


def plan_terms(draws: Draws, account: Account, started_on: date, size: int, churn: float) -> Iterator[Subscription]:
    """Yield one account's terms: month by month it may leave, change its plan, and later come back."""
    kind, day = NEW, started_on
    rep_id = seller(account, started_on)

    def term(ended_on: date | None) -> Subscription:
        mrr = Decimal(FILTER_PLAN.list_price * size).quantize(CENT)
        return Subscription(account, rep_id, FILTER_PLAN, started_on, ended_on, mrr, kind)

    while day <= PERIOD_END:
        day += timedelta(days=draws.whole(MONTH_DAYS - 2, MONTH_DAYS + 2))
        if day > PERIOD_END:
            break
        if draws.chance(churn):
            yield term(day)
            started_on = day + timedelta(days=draws.whole(*REACTIVATED_DAYS))
            if not draws.chance(REACTIVATED_CHANCE) or started_on > PERIOD_END:
                return
            kind, day = REACTIVATION, started_on
        elif draws.chance(PLAN_CHANGE_CHANCE):
            grows = size == 1 or draws.chance(PLAN_UPSELL_SHARE)
            yield term(day)
            size += 1 if grows else -1
            started_on, kind = day, UPSELL if grows else DOWNGRADE
    if started_on <= PERIOD_END:
        yield term(None)


def subscription_rows(subscriptions: list[Subscription]) -> list[Row]:
    """Return the table ``subscriptions``."""
    return [
        {
            "subscription_id": f"S-{number:04d}",
            "account_id": item.account.account_id,
            "rep_id": item.rep_id,
            "product_id": item.product.product_id,
            "started_on": item.started_on,
            "ended_on": item.ended_on,
            "mrr": item.mrr,
            "currency": item.account.currency,
            "kind": item.kind,
        }
        for number, item in enumerate(subscriptions, start=1)
    ]
