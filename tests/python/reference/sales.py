"""Orders, line by line: what they brought and what they cost (kpis.md, Two revenues)."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from .labels import NONE, UNKNOWN
from .periods import Period
from .sources import Order, OrderLine, Product
from .world import World

MONTHS_BACK = 12


class Sale(NamedTuple):
    """A visible order line in the reporting currency; `cost` is None where nobody knows it."""

    order: Order
    line: OrderLine
    product: Product | None
    day: date
    revenue: Fraction
    cost: Fraction | None


def sales(world: World) -> list[Sale]:
    """All order lines of visible orders."""
    orders = {order.order_id: order for order in world.visible.orders}
    products = {product.product_id: product for product in world.sources.products}
    found = []
    for line in world.visible.order_lines:
        order = orders[line.order_id]
        product = products.get(line.product_id or "")
        day = world.clock.day(order.ordered_at)
        revenue = world.money.convert(Decimal(1), order.currency, day) * _net(world, line)
        found.append(Sale(order, line, product, day, revenue, _cost(world, order, line, product, day)))
    return found


def _net(world: World, line: OrderLine) -> Fraction:
    """Quantity x price less discount and refund; a refund at or after as_of is none yet."""
    refunded = line.refunded_at is None or world.clock.visible(line.refunded_at)
    gross = Fraction(line.quantity) * Fraction(line.unit_price)
    return gross - Fraction(line.discount or 0) - (Fraction(line.refunded_amount or 0) if refunded else 0)


def _cost(world: World, order: Order, line: OrderLine, product: Product | None, day: date) -> Fraction | None:
    """Quantity x the line's unit cost, else the product's in its own currency."""
    if line.unit_cost is not None:
        return Fraction(line.quantity) * world.money.convert(line.unit_cost, order.currency, day)
    if product is None or product.unit_cost is None:
        return None
    return Fraction(line.quantity) * world.money.convert(product.unit_cost, product.currency, day)


def order_labels(world: World, order: Order) -> dict[str, str]:
    """Channel and campaign: the order's own, else its session's (kpis.md, Who owns a row)."""
    session = world.sessions.get(order.session_id or "")
    if session is not None:
        away = (session.channel or NONE, session.campaign or NONE)
    else:
        away = (NONE, NONE) if order.session_id is None else (UNKNOWN, UNKNOWN)
    return {"channel": order.channel or away[0], "campaign": order.campaign or away[1]}


def months_before(day: date, months: int) -> date:
    """So many monthly steps back; a day that its month lacks is the month's last."""
    count = day.year * 12 + day.month - 1 - months
    first = date(count // 12, count % 12 + 1, 1)
    following = date((count + 1) // 12, (count + 1) % 12 + 1, 1)
    return first + timedelta(days=min(day.day, (following - first).days) - 1)


def trailing_months(world: World, period: Period) -> list[Period]:
    """The 12 monthly steps up to the period's end, or to the day after as_of's in a running one."""
    end = min(period.end, world.clock.last_day + timedelta(days=1))
    edges = [months_before(end, back) for back in range(MONTHS_BACK, -1, -1)]
    return [Period("step", start, after) for start, after in pairwise(edges)]
