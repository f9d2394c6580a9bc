"""Reps, accounts, products, stages, deals, quotas and exchange rates."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from .entity import Entity
from .parsing import boolean, day, decimal, instant, integer, month, one_of, probability, rate


@dataclass(frozen=True)
class Rep:
    """A sales rep, as it is now."""

    rep_id: str
    rep_name: str
    team: str | None
    manager_id: str | None
    region: str | None
    hired_on: date | None
    left_on: date | None


@dataclass(frozen=True)
class Account:
    """A customer or prospect."""

    account_id: str
    account_name: str | None
    segment: str | None
    industry: str | None
    country: str | None
    region: str | None
    owner_rep_id: str | None
    created_at: datetime | None


@dataclass(frozen=True)
class Product:
    """A product, with its list price in its own currency."""

    product_id: str
    product_name: str
    product_line: str | None
    predecessor_product_id: str | None
    launched_on: date | None
    list_price: Decimal | None
    unit_cost: Decimal | None
    currency: str | None


@dataclass(frozen=True)
class Stage:
    """A stage of a pipeline."""

    pipeline: str
    stage: str
    position: int
    probability: Decimal | None
    outcome: str
    is_qualified: bool


@dataclass(frozen=True)
class Deal:
    """A deal as its row says; its state is taken from history (see deals.py)."""

    deal_id: str
    created_at: datetime
    pipeline: str | None
    stage: str
    outcome: str
    rep_id: str | None
    account_id: str | None
    lead_id: str | None
    product_id: str | None
    channel: str | None
    campaign: str | None
    kind: str | None
    amount: Decimal | None
    currency: str | None
    expected_close_on: date | None
    closed_at: datetime | None
    lost_reason: str | None
    rationale_note: str | None


@dataclass(frozen=True)
class StageChange:
    """A deal entered a stage."""

    deal_id: str
    stage: str
    entered_at: datetime


@dataclass(frozen=True)
class Quota:
    """A month's target of one rep or of one team."""

    rep_id: str | None
    team: str | None
    month: date
    kind: str
    target: Decimal
    currency: str | None


@dataclass(frozen=True)
class ExchangeRate:
    """One unit of a currency in the reporting currency, from a day on."""

    currency: str
    valid_from: date
    rate: Decimal


_OUTCOME = one_of("open", "won", "lost")

ENTITIES = {
    "reps": Entity(Rep, ("rep_id",), ("rep_id", "rep_name"), {"hired_on": day, "left_on": day}),
    "accounts": Entity(Account, ("account_id",), ("account_id",), {"created_at": instant}),
    "products": Entity(
        Product,
        ("product_id",),
        ("product_id", "product_name"),
        {"launched_on": day, "list_price": decimal, "unit_cost": decimal},
    ),
    "stages": Entity(
        Stage,
        ("pipeline", "stage"),
        ("pipeline", "stage", "position", "outcome", "is_qualified"),
        {"position": integer, "probability": probability, "outcome": _OUTCOME, "is_qualified": boolean},
    ),
    "deals": Entity(
        Deal,
        ("deal_id",),
        ("deal_id", "created_at", "stage", "outcome"),
        {
            "created_at": instant,
            "outcome": _OUTCOME,
            "kind": one_of("new", "repeat", "renewal", "upsell"),
            "amount": decimal,
            "expected_close_on": day,
            "closed_at": instant,
        },
    ),
    "deal_stage_changes": Entity(
        StageChange,
        ("deal_id", "stage", "entered_at"),
        ("deal_id", "stage", "entered_at"),
        {"entered_at": instant},
    ),
    "quotas": Entity(
        Quota,
        ("rep_id", "team", "month", "kind"),
        ("month", "kind", "target"),
        {"month": month, "kind": one_of("revenue", "leads"), "target": decimal},
    ),
    "exchange_rates": Entity(
        ExchangeRate,
        ("currency", "valid_from"),
        ("currency", "valid_from", "rate"),
        {"valid_from": day, "rate": rate},
    ),
}
