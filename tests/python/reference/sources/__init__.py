"""From raw text rows to typed rows (sources.md: canonical entities, and rows that break a rule)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..clock import Clock
from ..company import COLUMNS, Company
from .cleaning import ENTITIES, Counts, Rejected, clean
from .prospects import Activity, Call, Email, Lead, Meeting, Quote
from .selling import Account, Deal, ExchangeRate, Product, Quota, Rep, Stage, StageChange
from .trade import AcquisitionCost, CompetitorPrice, Order, OrderLine, Subscription
from .web import AdSpend, BrandMention, PixelEvent, Session

__all__ = [
    "KEYS",
    "Account",
    "AcquisitionCost",
    "Activity",
    "AdSpend",
    "BrandMention",
    "Call",
    "CompetitorPrice",
    "Counts",
    "Deal",
    "Email",
    "ExchangeRate",
    "Lead",
    "Meeting",
    "Order",
    "OrderLine",
    "PixelEvent",
    "Product",
    "Quota",
    "Quote",
    "Rejected",
    "Rep",
    "Session",
    "Sources",
    "Stage",
    "StageChange",
    "Subscription",
    "read",
]

KEYS: Mapping[str, tuple[str, ...]] = {name: entity.key for name, entity in ENTITIES.items()}


@dataclass(frozen=True)
class Sources:
    """The clean entities; one that was not delivered has no rows and is not in `delivered`."""

    delivered: frozenset[str]
    reps: tuple[Rep, ...]
    accounts: tuple[Account, ...]
    products: tuple[Product, ...]
    stages: tuple[Stage, ...]
    leads: tuple[Lead, ...]
    deals: tuple[Deal, ...]
    deal_stage_changes: tuple[StageChange, ...]
    activities: tuple[Activity, ...]
    emails: tuple[Email, ...]
    calls: tuple[Call, ...]
    meetings: tuple[Meeting, ...]
    quotes: tuple[Quote, ...]
    sessions: tuple[Session, ...]
    pixel_events: tuple[PixelEvent, ...]
    ad_spend: tuple[AdSpend, ...]
    orders: tuple[Order, ...]
    order_lines: tuple[OrderLine, ...]
    subscriptions: tuple[Subscription, ...]
    quotas: tuple[Quota, ...]
    acquisition_costs: tuple[AcquisitionCost, ...]
    competitor_prices: tuple[CompetitorPrice, ...]
    brand_mentions: tuple[BrandMention, ...]
    exchange_rates: tuple[ExchangeRate, ...]
    rejected: tuple[Rejected, ...]
    counts: Mapping[str, Counts]


def read(company: Company, clock: Clock) -> Sources:
    """All entities, clean, with what was rejected and how many rows went where."""
    rows: dict[str, Any] = {}
    rejected: list[Rejected] = []
    counts: dict[str, Counts] = {}
    for entity in COLUMNS:
        kept, broken, count = clean(entity, company.get(entity, []), clock)
        rows[entity] = tuple(ENTITIES[entity].row(**values) for values in kept)
        rejected += broken
        if entity in company:
            counts[entity] = count
    return Sources(delivered=frozenset(counts), rejected=tuple(rejected), counts=counts, **rows)
