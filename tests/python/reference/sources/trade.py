"""Orders and their lines, subscriptions, costs of acquisition, and competitors' prices."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from .entity import Entity
from .parsing import day, decimal, instant, one_of


@dataclass(frozen=True)
class Order:
    """An order; its currency is that of its lines."""

    order_id: str
    ordered_at: datetime
    account_id: str | None
    deal_id: str | None
    session_id: str | None
    rep_id: str | None
    channel: str | None
    campaign: str | None
    currency: str | None


@dataclass(frozen=True)
class OrderLine:
    """A line of an order; discount and refund are of the whole line."""

    order_line_id: str
    order_id: str
    product_id: str | None
    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal | None
    discount: Decimal | None
    refunded_amount: Decimal | None
    refunded_at: datetime | None


@dataclass(frozen=True)
class Subscription:
    """A subscription; `ended_on` is the first day on which it no longer runs."""

    subscription_id: str
    account_id: str
    rep_id: str | None
    product_id: str | None
    started_on: date
    ended_on: date | None
    mrr: Decimal
    currency: str | None
    kind: str | None


@dataclass(frozen=True)
class AcquisitionCost:
    """What it cost to win customers, media that `ad_spend` has left out."""

    cost_id: str
    incurred_on: date
    channel: str | None
    kind: str | None
    amount: Decimal
    currency: str | None


@dataclass(frozen=True)
class CompetitorPrice:
    """A competitor's price for what a product of ours does, as seen on a day."""

    product_id: str
    competitor: str
    observed_on: date
    price: Decimal
    currency: str | None


ENTITIES = {
    "orders": Entity(Order, ("order_id",), ("order_id", "ordered_at"), {"ordered_at": instant}),
    "order_lines": Entity(
        OrderLine,
        ("order_line_id",),
        ("order_line_id", "order_id", "quantity", "unit_price"),
        {
            "quantity": decimal,
            "unit_price": decimal,
            "unit_cost": decimal,
            "discount": decimal,
            "refunded_amount": decimal,
            "refunded_at": instant,
        },
    ),
    "subscriptions": Entity(
        Subscription,
        ("subscription_id",),
        ("subscription_id", "account_id", "started_on", "mrr"),
        {
            "started_on": day,
            "ended_on": day,
            "mrr": decimal,
            "kind": one_of("new", "renewal", "upsell", "downgrade", "reactivation"),
        },
    ),
    "acquisition_costs": Entity(
        AcquisitionCost,
        ("cost_id",),
        ("cost_id", "incurred_on", "amount"),
        {"incurred_on": day, "kind": one_of("marketing", "sales"), "amount": decimal},
    ),
    "competitor_prices": Entity(
        CompetitorPrice,
        ("product_id", "competitor", "observed_on"),
        ("product_id", "competitor", "observed_on", "price"),
        {"observed_on": day, "price": decimal},
    ),
}
