"""The subscriptions: service contracts, as the deals have them, and the Filter Plan of the shop.

A contract runs for a year; its renewal deal decides whether another one follows. A filter plan runs
from month to month, and how long depends on who sold it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .accounts import Account
from .catalog import FILTER_PLAN, OPEN, RENEWAL, Product
from .dates import AS_OF, DAYS_PER_YEAR, MONTHS_PER_YEAR, PERIOD_END, PERIOD_START
from .deals import Contract, Deal
from .draws import Draws
from .people import Rep, acting_rep
from .tables import Row

NEW, RENEWED, UPSELL, DOWNGRADE, REACTIVATION = "new", "renewal", "upsell", "downgrade", "reactivation"
CENT = Decimal("0.01")

EARLIER_YEARS: tuple[tuple[int, float], ...] = ((1, 0.40), (2, 0.30), (3, 0.20), (4, 0.10))
MID_TERM_CHANGES: tuple[tuple[str | None, float], ...] = ((None, 0.86), (UPSELL, 0.09), (DOWNGRADE, 0.05))
MID_TERM_DAYS = (80, 280)
CHANGE_FACTOR = {UPSELL: (1.10, 1.45), DOWNGRADE: (0.60, 0.88)}

PLAN_CHANCE = 0.78
"""The share of shop accounts that take a filter plan at some time."""
PLAN_AFTER_DAYS = (5, 240)
PLAN_SIZE: tuple[tuple[int, float], ...] = ((1, 0.50), (2, 0.27), (3, 0.14), (5, 0.09))
MONTHLY_CHURN = 0.021
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
    reps: list[Rep], deals: list[Deal], contracts: list[Contract], shop_accounts: list[Account]
) -> list[Subscription]:
    """Return the subscriptions in the order in which they began."""
    found = [*contract_terms(deals, contracts), *filter_plans(reps, shop_accounts)]
    found.sort(key=lambda item: (item.started_on, item.account.account_id))
    return found


def contract_terms(deals: list[Deal], contracts: list[Contract]) -> Iterator[Subscription]:
    """Yield the terms of the service contracts."""
    draws = Draws("subscriptions/contracts")
    renewals = {deal.contract: deal for deal in deals if deal.contract}
    last_day: dict[str, date] = {}
    for contract in contracts:
        renewal = renewals.get(contract)
        if renewal is None and contract.due_on <= PERIOD_END:
            continue  # decided before the demo began, and in none of its deals
        ended_on = contract.due_on if renewal and renewal.outcome != OPEN else None
        started_on, kind = beginning(draws, contract, last_day)
        if started_on > PERIOD_END:
            continue
        if ended_on and ended_on > PERIOD_END:
            ended_on = None
        account_id = contract.account.account_id
        last_day[account_id] = max(last_day.get(account_id, started_on), contract.due_on)
        yield from terms(draws, contract, started_on, ended_on, kind)


def beginning(draws: Draws, contract: Contract, last_day: dict[str, date]) -> tuple[date, str]:
    """Return when a contract's term began, and as what; ``last_day`` is until when accounts had others."""
    source = contract.source
    if source is None:
        years = draws.weighted(EARLIER_YEARS)
        earliest = contract.account.created_at.date() + timedelta(days=MONTH_DAYS)
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


def filter_plans(reps: list[Rep], shop_accounts: list[Account]) -> Iterator[Subscription]:
    """Yield the filter plans of the accounts that have one."""
    draws = Draws("subscriptions/plans")
    skills = {rep.rep_id: rep.skill for rep in reps}
    for account in shop_accounts:
        if not draws.chance(PLAN_CHANCE):
            continue
        day = account.created_at.date() + timedelta(days=draws.whole(*PLAN_AFTER_DAYS))
        churn = max(LOWEST_CHURN, MONTHLY_CHURN * (1.0 + CARELESSNESS * (1.0 - skills[account.first_owner_id])))
        yield from plan_terms(draws, account, day, churn)


def plan_terms(draws: Draws, account: Account, started_on: date, churn: float) -> Iterator[Subscription]:
    """Yield one account's terms: month by month it may leave, change its plan, and later come back."""
    size = draws.weighted(PLAN_SIZE)
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
