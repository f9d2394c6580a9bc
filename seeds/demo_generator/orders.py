"""The orders: what won deals are invoiced as, and what is bought in the web shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from .catalog import SERVICE, SHOP_PRODUCTS, SPARES, WON, Product
from .dates import AS_OF, PERIOD_START
from .deals import Deal
from .draws import Draws
from .tables import Row

CENT = Decimal("0.01")
INVOICED_AFTER_MINUTES = (30, 2800)
OPTIONS_FROM = 1.0
"""Above the list price a deal has options, which cost us as much more as they bring."""
OPTION_COST_SHARE = 0.9
STARTER_KIT_CHANCE = 0.16
STARTER_KIT_QUANTITY = (2, 6)
FREE_KIT_CHANCE = 0.3
SETTLED_CHANCE = 0.025
"""How often part of a deal's order is paid back."""
SETTLED_SHARE = (0.03, 0.15)
SETTLED_DAYS = (15, 70)


@dataclass
class Line:
    """One line of an order; amounts are in the order's currency."""

    product: Product
    quantity: int
    unit_price: Decimal
    unit_cost: Decimal | None = None
    discount: Decimal = Decimal(0)
    refunded_amount: Decimal = Decimal(0)
    refunded_at: datetime | None = None

    @property
    def value(self) -> Decimal:
        """Return what the line brings before refunds."""
        return self.quantity * self.unit_price - self.discount


@dataclass
class Order:
    """One order; ``session_id`` is set by the web, and ``order_id`` at the end, in the order of time."""

    ordered_at: datetime
    currency: str
    lines: list[Line]
    account_id: str | None = None
    deal: Deal | None = None
    rep_id: str | None = None
    session_id: str | None = None
    order_id: str = field(default="")

    @property
    def value(self) -> Decimal:
        """Return what the order brings before refunds."""
        total = Decimal(0)
        for line in self.lines:
            total += line.value
        return total


def deal_orders(deals: list[Deal]) -> Iterator[Order]:
    """Yield the order of every deal won within the demo; its lines sum to the deal's amount."""
    draws = Draws("orders/deals")
    for deal in deals:
        if deal.outcome != WON or deal.closed_at is None or deal.amount is None:
            continue
        ordered_at = deal.closed_at + timedelta(minutes=draws.whole(*INVOICED_AFTER_MINUTES))
        ordered_at = min(ordered_at, max(deal.closed_at, AS_OF - timedelta(minutes=1)))
        lines = deal_lines(draws, deal, deal.amount)
        settle(draws, lines[0], ordered_at)
        if ordered_at.date() >= PERIOD_START:
            yield Order(ordered_at, deal.account.currency, lines, deal.account.account_id, deal, deal.rep_id)


def deal_lines(draws: Draws, deal: Deal, amount: Decimal) -> list[Line]:
    """Return the lines of a deal's order: what was sold, and now and then a kit of spare parts."""
    lines: list[Line] = []
    if deal.product.line not in (SERVICE, SPARES) and draws.chance(STARTER_KIT_CHANCE):
        part = draws.weighted([(item, item.weight_on(deal.created_at.date())) for item in SHOP_PRODUCTS])
        price = Decimal(0) if draws.chance(FREE_KIT_CHANCE) else Decimal(part.list_price).quantize(CENT)
        lines.append(Line(part, draws.whole(*STARTER_KIT_QUANTITY), price.quantize(CENT)))
        amount -= lines[0].value
    list_price = Decimal(deal.product.list_price)
    quantity = max(1, int(amount / list_price + Decimal("0.5")))
    at_list = quantity * list_price
    if amount <= at_list:
        return [Line(deal.product, quantity, list_price.quantize(CENT), None, at_list - amount), *lines]
    unit_price = (amount / quantity).quantize(CENT)
    rounding = quantity * unit_price - amount
    if rounding < 0:
        unit_price += CENT
        rounding = quantity * unit_price - amount
    options = float(unit_price / list_price) - OPTIONS_FROM
    unit_cost = Decimal(int(deal.product.unit_cost * (1.0 + options * OPTION_COST_SHARE))).quantize(CENT)
    return [Line(deal.product, quantity, unit_price, unit_cost, rounding), *lines]


def settle(draws: Draws, line: Line, ordered_at: datetime) -> None:
    """Pay part of a line back, now and then."""
    if not draws.chance(SETTLED_CHANCE):
        return
    refunded_at = ordered_at + timedelta(days=draws.whole(*SETTLED_DAYS))
    share = Decimal(str(round(draws.between(*SETTLED_SHARE), 3)))
    if refunded_at < AS_OF:
        line.refunded_amount, line.refunded_at = (line.value * share).quantize(CENT), refunded_at


def numbered(orders: list[Order]) -> list[Order]:
    """Return the orders in the order of time, with their ids."""
    orders.sort(key=lambda order: order.ordered_at)
    for number, order in enumerate(orders, start=1):
        order.order_id = f"O-{number:04d}"
    return orders


def order_rows(orders: list[Order]) -> list[Row]:
    """Return the table ``orders``; a shop's order takes channel and campaign from its session."""
    return [
        {
            "order_id": order.order_id,
            "ordered_at": order.ordered_at,
            "account_id": order.account_id,
            "deal_id": order.deal.deal_id if order.deal else None,
            "session_id": order.session_id,
            "rep_id": order.rep_id,
            "channel": order.deal.channel if order.deal else None,
            "campaign": order.deal.campaign if order.deal else None,
            "currency": order.currency,
        }
        for order in orders
    ]


def order_line_rows(orders: list[Order]) -> list[Row]:
    """Return the table ``order_lines``; where a line has no cost, its product's holds."""
    return [
        {
            "order_line_id": f"{order.order_id}-{number}",
            "order_id": order.order_id,
            "product_id": line.product.product_id,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "unit_cost": line.unit_cost,
            "discount": line.discount.quantize(CENT) if line.discount else None,
            "refunded_amount": line.refunded_amount if line.refunded_at else None,
            "refunded_at": line.refunded_at,
        }
        for order in orders
        for number, line in enumerate(order.lines, start=1)
    ]
