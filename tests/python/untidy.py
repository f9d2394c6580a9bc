"""A company that breaks every rule once per entity and column, and what should become of its rows.

The columns and what they hold are written here as sources.md says them, not read from the layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.python.reference.company import Company, Row

#: Entity → its columns, the key first: `*` is required, `=` a kind, `>` the entity that a key points into.
ENTITIES = {
    "reps": "rep_id* rep_name* team manager_id>reps region hired_on=date left_on=date",
    "accounts": "account_id* account_name segment industry country region owner_rep_id>reps created_at=time",
    "products": """product_id* product_name* product_line predecessor_product_id>products launched_on=date
        list_price=amount unit_cost=amount currency""",
    "stages": "pipeline* stage* position*=int probability=probability outcome*=list is_qualified*=flag",
    "leads": """lead_id* created_at*=time channel campaign origin=list is_provided=flag rep_id>reps
        generated_by_rep_id>reps visitor_id account_id>accounts score=amount mql_at=time qualified_at=time
        disqualified_at=time""",
    "deals": """deal_id* created_at*=time pipeline stage*>stages outcome*=list rep_id>reps account_id>accounts
        lead_id>leads product_id>products channel campaign kind=list amount=amount currency expected_close_on=date
        closed_at=time lost_reason rationale_note""",
    "deal_stage_changes": "deal_id*>deals stage*>stages entered_at*=time",
    "activities": """activity_id* kind*=list direction=list occurred_at*=time rep_id>reps lead_id>leads deal_id>deals
        account_id>accounts""",
    "emails": """email_id* sent_at*=time email_type campaign rep_id>reps lead_id>leads delivered_at=time
        bounced_at=time first_opened_at=time first_clicked_at=time replied_at=time""",
    "calls": """call_id* started_at*=time rep_id>reps lead_id>leads deal_id>deals direction=list outcome*=list
        is_winnable=flag duration_seconds=int""",
    "meetings": """meeting_id* scheduled_for*=time booked_at=time kind=list status*=list rep_id>reps lead_id>leads
        account_id>accounts deal_id>deals""",
    "quotes": """quote_id* sent_at*=time deal_id>deals rep_id>reps product_id>products amount=amount currency
        status*=list decided_at=time""",
    "sessions": "session_id* visitor_id* started_at*=time channel source medium campaign landing_page",
    "pixel_events": """event_id* event_name* occurred_at*=time session_id>sessions visitor_id channel campaign
        value=amount currency""",
    "ad_spend": "spend_id* spent_on*=date platform* channel campaign impressions=int clicks=int cost*=amount currency",
    "orders": """order_id* ordered_at*=time account_id>accounts deal_id>deals session_id>sessions rep_id>reps channel
        campaign currency""",
    "order_lines": """order_line_id* order_id*>orders product_id>products quantity*=amount unit_price*=amount
        unit_cost=amount discount=amount refunded_amount=amount refunded_at=time""",
    "subscriptions": """subscription_id* account_id*>accounts rep_id>reps product_id>products started_on*=date
        ended_on=date mrr*=amount currency kind=list""",
    "quotas": "rep_id>reps team month*=month kind*=list target*=amount currency",
    "acquisition_costs": "cost_id* incurred_on*=date channel kind=list amount*=amount currency",
    "competitor_prices": "product_id*>products competitor* observed_on*=date price*=amount currency",
    "brand_mentions": "mention_id* mentioned_at*=time platform sentiment=list reach=int url",
    "exchange_rates": "currency* valid_from*=date rate*=rate",
}

#: Where a key has several columns: they.
KEYS = {
    "stages": ("pipeline", "stage"),
    "deal_stage_changes": ("deal_id", "stage", "entered_at"),
    "quotas": ("rep_id", "team", "month", "kind"),
    "competitor_prices": ("product_id", "competitor", "observed_on"),
    "exchange_rates": ("currency", "valid_from"),
}

#: The column of such a key in which a row is told from another.
TOLD_APART_BY = {
    "stages": "stage",
    "deal_stage_changes": "entered_at",
    "quotas": "month",
    "competitor_prices": "competitor",
    "exchange_rates": "valid_from",
}

#: What a column of each list holds.
LISTED = {
    "stages.outcome": "open",
    "leads.origin": "marketing",
    "deals.outcome": "open",
    "deals.kind": "new",
    "activities.kind": "note",
    "activities.direction": "inbound",
    "calls.direction": "inbound",
    "calls.outcome": "not_closed",
    "meetings.kind": "demo",
    "meetings.status": "held",
    "quotes.status": "open",
    "subscriptions.kind": "new",
    "quotas.kind": "revenue",
    "acquisition_costs.kind": "sales",
    "brand_mentions.sentiment": "neutral",
}

#: Kind → two values, the second one another, and a text that is none.
VALUES = {
    "text": ("Some", "Other", None),
    "list": (None, None, "Some"),
    "flag": ("true", "false", "yes"),
    "time": ("2026-02-01T10:00:00Z", "2026-02-02T10:00:00Z", "2026-02-30"),
    "date": ("2026-02-01", "2026-02-02", "01.02.2026"),
    "month": ("2026-02", "2026-03", "2026-13"),
    "amount": ("12.5", "13.5", "12,5"),
    "int": ("3", "4", "3.5"),
    "probability": ("0.25", "0.5", "25"),
    "rate": ("1.25", "1.5", "one"),
}

#: Columns that say the same of a good row as another column does, or the opposite, and stay empty in it.
EMPTY = {"quotas.team", "deals.closed_at", "deals.lost_reason"}

#: The key that nothing has.
NOWHERE = "nowhere"

#: What breaking a column does beside: an open deal without an amount is worth its list price, which is counted, too.
BESIDE = {("deals", "amount"): ("deals", "amount")}


class Column(NamedTuple):
    """A column of an entity, as sources.md has it; `target` is the entity that it points into."""

    name: str
    kind: str
    is_required: bool
    target: str | None


@dataclass
class Untidy:
    """A company's rows, and how many of each entity should be merged, rejected and repaired by which column."""

    company: Company = field(default_factory=dict)
    merged: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    repaired: Counter[tuple[str, str]] = field(default_factory=Counter)


def columns(entity: str) -> list[Column]:
    """The columns of an entity in their order."""
    found = []
    for word in ENTITIES[entity].split():
        word, _, target = word.partition(">")
        word, _, kind = word.partition("=")
        found.append(Column(word.rstrip("*"), kind or "text", word.endswith("*"), target or None))
    return found


def key_of(entity: str) -> tuple[str, ...]:
    """The columns of an entity's key."""
    return KEYS.get(entity, (columns(entity)[0].name,))


def untidy(unparsable: bool = True) -> Untidy:
    """The company; without unparsable texts where its columns have types."""
    found = Untidy()
    for entity in ENTITIES:
        _Breaker(entity, found).break_all(unparsable)
    return found


class _Breaker:
    """Adds the rows of an entity, one per rule, each told from the others by its key."""

    def __init__(self, entity: str, into: Untidy) -> None:
        self.entity, self.into = entity, into
        self.columns, self.key = columns(entity), key_of(entity)
        self.told_by = TOLD_APART_BY.get(entity, self.key[0])
        self.names = self._names()
        self.rows: list[Row] = into.company.setdefault(entity, [])

    def _names(self) -> Iterator[str]:
        """Values of the column that tells rows apart. The first is what the links of other rows point to."""
        kind = next(column.kind for column in self.columns if column.name == self.told_by)
        for number in range(1, 100):
            months = f"{2010 + number // 12}-{number % 12 + 1:02}"
            yield {"text": f"{self.entity} {number}", "month": months}.get(kind, f"{months}-03")

    def good(self) -> Row:
        """A row that breaks no rule, of a key that no other row has."""
        row: Row = {}
        for column in self.columns:
            place = f"{self.entity}.{column.name}"
            value = LISTED.get(place, VALUES[column.kind][0])
            row[column.name] = None if place in EMPTY else f"{column.target} 1" if column.target else value
        if "currency" in row:
            row["currency"] = "EUR"
        row |= {"pipeline": "default"} if "pipeline" in row else {}
        row[self.told_by] = next(self.names)
        if self.entity == "deal_stage_changes":
            row["entered_at"] = f"2026-03-{len(self.rows) + 1:02}"
        if self.entity == "exchange_rates":
            row["valid_from"] = f"20{len(self.rows) + 10}-01-01"
        return row

    def break_all(self, unparsable: bool) -> None:
        """One good row, the duplicates, and one row per column and rule that it can break."""
        self.rows.append(self.good())
        self._double()
        for column in self.columns:
            if column.is_required:
                self._reject(column, None)
            if unparsable and VALUES[column.kind][2] is not None:
                self._misspell(column)
            if column.target:
                self.rows.append(self.good() | {column.name: NOWHERE})
                self.into.repaired[self.entity, column.name] += 1
        if self.entity == "quotas":
            self.rows += [self.good() | {"team": "north"}, self.good() | {"rep_id": None}]
            self.into.rejected[self.entity, "rep_id"] += 2

    def _reject(self, column: Column, text: str | None) -> None:
        self.rows.append(self.good() | {column.name: text})
        self.into.rejected[self.entity, column.name] += 1

    def _misspell(self, column: Column) -> None:
        text = VALUES[column.kind][2]
        if column.is_required:
            self._reject(column, text)
            return
        self.rows.append(self.good() | {column.name: text})
        self.into.repaired[self.entity, column.name] += 1
        if (self.entity, column.name) in BESIDE:
            self.into.repaired[BESIDE[self.entity, column.name]] += 1

    def _double(self) -> None:
        """The same twice; of two versions the newer; and two that contradict each other, neither newer."""
        twice = self.good()
        self.rows += [twice, dict(twice)]
        self.into.merged[self.entity] += 1
        others = [
            column
            for column in self.columns
            if column.name not in (*self.key, "currency", "pipeline")
            and not column.target
            and VALUES[column.kind][1] is not None
        ]
        if not others:
            return
        other = {others[-1].name: VALUES[others[-1].kind][1]}
        old, new = (f"2026-06-0{day}T00:00:00Z" for day in (1, 2))
        versions = self.good()
        self.rows += [versions | {"_loaded_at": old}, versions | other | {"_loaded_at": new}]
        self.into.merged[self.entity] += 1
        contradicting = self.good()
        self.rows += [contradicting, contradicting | other]
        self.into.rejected[self.entity, ", ".join(self.key)] += 2
