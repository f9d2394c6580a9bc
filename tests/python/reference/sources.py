"""From raw text rows to typed rows (sources.md: canonical entities, and rows that break a rule)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from .clock import Clock, parse_day
from .company import COLUMNS, LOADED_AT, Company, Row


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


class Rejected(NamedTuple):
    """A row that could not be used; `key` is its raw key text, parts joined by `|`."""

    entity: str
    key: str
    rule: str


class Counts(NamedTuple):
    """delivered = mart + rejected + merged, per entity."""

    delivered: int
    mart: int
    rejected: int
    merged: int


@dataclass(frozen=True)
class Sources:
    """The clean entities; one that was not delivered has no rows and is not in `delivered`."""

    delivered: frozenset[str]
    reps: tuple[Rep, ...]
    accounts: tuple[Account, ...]
    products: tuple[Product, ...]
    stages: tuple[Stage, ...]
    deals: tuple[Deal, ...]
    deal_stage_changes: tuple[StageChange, ...]
    quotas: tuple[Quota, ...]
    exchange_rates: tuple[ExchangeRate, ...]
    rejected: tuple[Rejected, ...]
    counts: Mapping[str, Counts]


Parser = Callable[[str, Clock], Any]
Typed = dict[str, Any]

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_INTEGER = re.compile(r"[+-]?\d+")
_MONTH = re.compile(r"\d{4}-\d{2}(-01)?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _text(text: str, _: Clock) -> str:
    return text


def _instant(text: str, clock: Clock) -> datetime | None:
    return clock.parse_instant(text)


def _date(text: str, _: Clock) -> date | None:
    return parse_day(text)


def _month(text: str, _: Clock) -> date | None:
    """A month `YYYY-MM`, or its first day."""
    return parse_day(f"{text[:7]}-01") if _MONTH.fullmatch(text) else None


def _boolean(text: str, _: Clock) -> bool | None:
    return _BOOLEANS.get(text.lower())


def _kept(text: str, before: int, after: int) -> Decimal | None:
    """A decimal that has no more digits before and after the point than are kept (decision 5)."""
    if not _DECIMAL.fullmatch(text):
        return None
    value = Decimal(text)
    places = -int(value.normalize().as_tuple().exponent)
    return value if abs(value) < 10**before and places <= after else None


def _decimal(text: str, _: Clock) -> Decimal | None:
    """An amount."""
    return _kept(text, 16, 4)


def _rate(text: str, _: Clock) -> Decimal | None:
    return _kept(text, 10, 10)


def _integer(text: str, _: Clock) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _probability(text: str, _: Clock) -> Decimal | None:
    """Between 0 and 1; anything else is outside its list."""
    value = _kept(text, 1, 6)
    return value if value is not None and 0 <= value <= 1 else None


def _one_of(*values: str) -> Parser:
    """A value out of a list; case counts."""
    return lambda text, _: text if text in values else None


_OUTCOME = _one_of("open", "won", "lost")

_CLASSES: dict[str, Callable[..., Any]] = {
    "reps": Rep,
    "accounts": Account,
    "products": Product,
    "stages": Stage,
    "deals": Deal,
    "deal_stage_changes": StageChange,
    "quotas": Quota,
    "exchange_rates": ExchangeRate,
}

KEYS: dict[str, tuple[str, ...]] = {
    "reps": ("rep_id",),
    "accounts": ("account_id",),
    "products": ("product_id",),
    "stages": ("pipeline", "stage"),
    "deals": ("deal_id",),
    "deal_stage_changes": ("deal_id", "stage", "entered_at"),
    "quotas": ("rep_id", "team", "month", "kind"),
    "exchange_rates": ("currency", "valid_from"),
}

REQUIRED: dict[str, tuple[str, ...]] = {
    "reps": ("rep_id", "rep_name"),
    "accounts": ("account_id",),
    "products": ("product_id", "product_name"),
    "stages": ("pipeline", "stage", "position", "outcome", "is_qualified"),
    "deals": ("deal_id", "created_at", "stage", "outcome"),
    "deal_stage_changes": ("deal_id", "stage", "entered_at"),
    "quotas": ("month", "kind", "target"),
    "exchange_rates": ("currency", "valid_from", "rate"),
}

#: how a column is read; the rest is text
PARSERS: dict[str, dict[str, Parser]] = {
    "reps": {"hired_on": _date, "left_on": _date},
    "accounts": {"created_at": _instant},
    "products": {"launched_on": _date, "list_price": _decimal, "unit_cost": _decimal},
    "stages": {
        "position": _integer,
        "probability": _probability,
        "outcome": _OUTCOME,
        "is_qualified": _boolean,
    },
    "deals": {
        "created_at": _instant,
        "outcome": _OUTCOME,
        "kind": _one_of("new", "repeat", "renewal", "upsell"),
        "amount": _decimal,
        "expected_close_on": _date,
        "closed_at": _instant,
    },
    "deal_stage_changes": {"entered_at": _instant},
    "quotas": {"month": _month, "kind": _one_of("revenue", "leads"), "target": _decimal},
    "exchange_rates": {"valid_from": _date, "rate": _rate},
}


class _Candidate(NamedTuple):
    """A row whose required columns are in order."""

    key: str
    values: Typed
    loaded_at: datetime | None


def _raw(row: Row, column: str) -> str | None:
    """A cell's text without the whitespace around it; an empty one is null."""
    return (row.get(column) or "").strip() or None


def _parse(entity: str, row: Row, clock: Clock) -> Typed:
    """A row's typed values; what cannot be read is null."""
    values: Typed = {}
    for column in COLUMNS[entity]:
        text = _raw(row, column)
        parser = PARSERS[entity].get(column, _text)
        values[column] = None if text is None else parser(text, clock)
    return values


def _broken_rule(entity: str, values: Typed) -> str | None:
    """The first rule that makes a row unusable (sources.md, Rows that break a rule)."""
    for column in REQUIRED[entity]:
        if values[column] is None:
            return f"required:{column}"
    if entity == "quotas" and (values["rep_id"] is None) == (values["team"] is None):
        return "quota_owner"
    return None


def _distinct(group: Sequence[_Candidate]) -> list[Typed]:
    """The different contents of rows, in the canonical columns."""
    contents: list[Typed] = []
    for candidate in group:
        if candidate.values not in contents:
            contents.append(candidate.values)
    return contents


def _winner(group: Sequence[_Candidate]) -> Typed | None:
    """The one content that stays of the rows of one key, or None: all are rejected.

    Identical rows are one; of differing ones the newest by `_loaded_at` stays, where the newest
    is one content. A row without `_loaded_at` is older than any that has one.
    """
    contents = _distinct(group)
    if len(contents) == 1:
        return contents[0]
    newest = max((c.loaded_at for c in group if c.loaded_at is not None), default=None)
    if newest is None:
        return None
    contents = _distinct([c for c in group if c.loaded_at == newest])
    return contents[0] if len(contents) == 1 else None


def _clean(entity: str, rows: Sequence[Row], clock: Clock) -> tuple[list[Typed], list[Rejected], Counts]:
    """One entity: reject broken rows first, then settle the duplicates."""
    rejected: list[Rejected] = []
    groups: dict[tuple[Any, ...], list[_Candidate]] = {}
    for row in rows:
        key = "|".join(_raw(row, column) or "" for column in KEYS[entity])
        values = _parse(entity, row, clock)
        rule = _broken_rule(entity, values)
        if rule is not None:
            rejected.append(Rejected(entity, key, rule))
            continue
        loaded = _raw(row, LOADED_AT)
        candidate = _Candidate(key, values, clock.parse_instant(loaded) if loaded else None)
        groups.setdefault(tuple(values[column] for column in KEYS[entity]), []).append(candidate)
    kept: list[Typed] = []
    merged = 0
    for group in groups.values():
        winner = _winner(group)
        if winner is None:
            rejected += [Rejected(entity, c.key, "duplicate_key") for c in group]
        else:
            kept.append(winner)
            merged += len(group) - 1
    return kept, rejected, Counts(len(rows), len(kept), len(rejected), merged)


def read(company: Company, clock: Clock) -> Sources:
    """All entities, clean, with what was rejected and how many rows went where."""
    clean: dict[str, Any] = {}
    rejected: list[Rejected] = []
    counts: dict[str, Counts] = {}
    for entity in COLUMNS:
        kept, broken, count = _clean(entity, company.get(entity, []), clock)
        clean[entity] = tuple(_CLASSES[entity](**values) for values in kept)
        rejected += broken
        if entity in company:
            counts[entity] = count
    delivered = frozenset(counts)
    return Sources(delivered=delivered, rejected=tuple(rejected), counts=counts, **clean)
