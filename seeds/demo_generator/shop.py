"""The web shop for spare parts: who buys what, and what is sent back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from .accounts import Account
from .catalog import SERVICE, SHOP_PRODUCTS, WON
from .dates import AS_OF, MONTHS_PER_YEAR, PERIOD_END, PERIOD_START, any_hour, month_end, months_between
from .deals import Deal
from .draws import Draws
from .money import BASE_CURRENCY
from .orders import CENT, Line, Order

ORDERS_PER_MONTH = 12.0
YEARLY_GROWTH = 0.22
BUYERS: tuple[tuple[str, float], ...] = (("shop_account", 0.42), ("customer", 0.30), ("guest", 0.28))
# How many different parts are in a basket, and how many pieces of each.
BASKET: tuple[tuple[int, float], ...] = ((1, 0.58), (2, 0.29), (3, 0.13))
PIECES: tuple[tuple[int, float], ...] = ((1, 0.42), (2, 0.27), (3, 0.12), (4, 0.10), (6, 0.06), (10, 0.03))
DISCOUNT_CHANCE, DISCOUNT_PERCENT = 0.14, (5, 15)
RETURN_CHANCE = 0.055
WHOLE_RETURN_CHANCE = 0.6
RETURN_DAYS = (3, 35)


@dataclass(frozen=True)
class Purchase:
    """One order in the shop, and who sat before the screen."""

    order: Order
    visitor: str
    is_known: bool


def build_purchases(accounts: list[Account], shop_accounts: list[Account], deals: list[Deal]) -> list[Purchase]:
    """Return what was bought in the shop, month by month."""
    draws = Draws("shop")
    buys_since = customers(accounts, deals)
    purchases: list[Purchase] = []
    owed = 0.0
    for number, month in enumerate(months_between(PERIOD_START, PERIOD_END)):
        owed += ORDERS_PER_MONTH * (1.0 + YEARLY_GROWTH * number / MONTHS_PER_YEAR)
        for _ in range(int(owed)):
            day = month + timedelta(days=draws.whole(0, month_end(month).day - 1))
            ordered_at = any_hour(draws, day)
            account = choose_buyer(draws, shop_accounts, buys_since, ordered_at)
            currency = account.currency if account else BASE_CURRENCY
            lines = basket(draws, day, ordered_at)
            order = Order(ordered_at, currency, lines, account.account_id if account else None)
            visitor = account.account_id if account else f"guest-{len(purchases)}"
            purchases.append(Purchase(order, visitor, account is not None))
        owed -= int(owed)
    return purchases


def customers(accounts: list[Account], deals: list[Deal]) -> list[tuple[Account, datetime]]:
    """Return the accounts that own equipment, and since when."""
    since: dict[str, datetime] = {}
    for deal in deals:
        if deal.outcome == WON and deal.closed_at and deal.product.line != SERVICE:
            since[deal.account.account_id] = min(since.get(deal.account.account_id, AS_OF), deal.closed_at)
    return [(account, since[account.account_id]) for account in accounts if account.account_id in since]


def choose_buyer(
    draws: Draws, shop_accounts: list[Account], buys_since: list[tuple[Account, datetime]], when: datetime
) -> Account | None:
    """Return who buys; None for a guest."""
    group = draws.weighted(BUYERS)
    if group == "shop_account":
        return draws.pick([account for account in shop_accounts if account.created_at < when])
    if group == "customer":
        return draws.pick([account for account, since in buys_since if since < when])
    return None


def basket(draws: Draws, day: date, ordered_at: datetime) -> list[Line]:
    """Return the lines of a shop order, each with another part."""
    percent = draws.whole(*DISCOUNT_PERCENT) if draws.chance(DISCOUNT_CHANCE) else 0
    lines: list[Line] = []
    for _ in range(draws.weighted(BASKET)):
        chosen = [line.product.product_id for line in lines]
        choices = [(part, part.weight_on(day)) for part in SHOP_PRODUCTS if part.product_id not in chosen]
        line = Line(part := draws.weighted(choices), draws.weighted(PIECES), Decimal(part.list_price).quantize(CENT))
        line.discount = (line.value * percent / 100).quantize(CENT)
        send_back(draws, line, ordered_at)
        lines.append(line)
    return lines


def send_back(draws: Draws, line: Line, ordered_at: datetime) -> None:
    """Refund a line, or a piece of it, now and then."""
    if not draws.chance(RETURN_CHANCE):
        return
    pieces = line.quantity if draws.chance(WHOLE_RETURN_CHANCE) else draws.whole(1, line.quantity)
    refunded_at = ordered_at + timedelta(days=draws.whole(*RETURN_DAYS))
    if refunded_at < AS_OF:
        line.refunded_amount = (line.value * pieces / line.quantity).quantize(CENT)
        line.refunded_at = refunded_at
