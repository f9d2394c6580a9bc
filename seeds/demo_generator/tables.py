"""Tables: the canonical columns of each entity, and how a table becomes CSV text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

Value = str | int | bool | Decimal | date | datetime | None
Row = dict[str, Value]

COLUMNS: dict[str, tuple[str, ...]] = {
    "reps": ("rep_id", "rep_name", "team", "manager_id", "region", "hired_on", "left_on"),
    "accounts": (
        "account_id",
        "account_name",
        "segment",
        "industry",
        "country",
        "region",
        "owner_rep_id",
        "created_at",
    ),
    "products": (
        "product_id",
        "product_name",
        "product_line",
        "predecessor_product_id",
        "launched_on",
        "list_price",
        "unit_cost",
        "currency",
    ),
    "stages": ("pipeline", "stage", "position", "probability", "outcome", "is_qualified"),
    "deals": (
        "deal_id",
        "created_at",
        "pipeline",
        "stage",
        "outcome",
        "rep_id",
        "account_id",
        "lead_id",
        "product_id",
        "channel",
        "campaign",
        "kind",
        "amount",
        "currency",
        "expected_close_on",
        "closed_at",
        "lost_reason",
        "rationale_note",
    ),
    "deal_stage_changes": ("deal_id", "stage", "entered_at"),
    "leads": (
        "lead_id",
        "created_at",
        "channel",
        "campaign",
        "origin",
        "is_provided",
        "rep_id",
        "generated_by_rep_id",
        "visitor_id",
        "account_id",
        "score",
        "mql_at",
        "qualified_at",
        "disqualified_at",
    ),
    "activities": (
        "activity_id",
        "kind",
        "direction",
        "occurred_at",
        "rep_id",
        "lead_id",
        "deal_id",
        "account_id",
    ),
    "emails": (
        "email_id",
        "sent_at",
        "email_type",
        "campaign",
        "rep_id",
        "lead_id",
        "delivered_at",
        "bounced_at",
        "first_opened_at",
        "first_clicked_at",
        "replied_at",
    ),
    "calls": (
        "call_id",
        "started_at",
        "rep_id",
        "lead_id",
        "deal_id",
        "direction",
        "outcome",
        "is_winnable",
        "duration_seconds",
    ),
    "meetings": (
        "meeting_id",
        "scheduled_for",
        "booked_at",
        "kind",
        "status",
        "rep_id",
        "lead_id",
        "account_id",
        "deal_id",
    ),
    "quotes": (
        "quote_id",
        "sent_at",
        "deal_id",
        "rep_id",
        "product_id",
        "amount",
        "currency",
        "status",
        "decided_at",
    ),
    "sessions": (
        "session_id",
        "visitor_id",
        "started_at",
        "channel",
        "source",
        "medium",
        "campaign",
        "landing_page",
    ),
    "pixel_events": (
        "event_id",
        "event_name",
        "occurred_at",
        "session_id",
        "visitor_id",
        "channel",
        "campaign",
        "value",
        "currency",
    ),
    "ad_spend": (
        "spend_id",
        "spent_on",
        "platform",
        "channel",
        "campaign",
        "impressions",
        "clicks",
        "cost",
        "currency",
    ),
    "orders": (
        "order_id",
        "ordered_at",
        "account_id",
        "deal_id",
        "session_id",
        "rep_id",
        "channel",
        "campaign",
        "currency",
    ),
    "order_lines": (
        "order_line_id",
        "order_id",
        "product_id",
        "quantity",
        "unit_price",
        "unit_cost",
        "discount",
        "refunded_amount",
        "refunded_at",
    ),
    "subscriptions": (
        "subscription_id",
        "account_id",
        "rep_id",
        "product_id",
        "started_on",
        "ended_on",
        "mrr",
        "currency",
        "kind",
    ),
    "quotas": ("rep_id", "team", "month", "kind", "target", "currency"),
    "acquisition_costs": ("cost_id", "incurred_on", "channel", "kind", "amount", "currency"),
    "competitor_prices": ("product_id", "competitor", "observed_on", "price", "currency"),
    "brand_mentions": ("mention_id", "mentioned_at", "platform", "sentiment", "reach", "url"),
    "exchange_rates": ("currency", "valid_from", "rate"),
}

SORT_KEYS: dict[str, tuple[str, ...]] = {
    "reps": ("rep_id",),
    "accounts": ("account_id",),
    "products": ("product_id",),
    "stages": ("pipeline", "position"),
    "deals": ("deal_id",),
    "deal_stage_changes": ("deal_id", "entered_at", "stage"),
    "leads": ("lead_id",),
    "activities": ("activity_id",),
    "emails": ("email_id",),
    "calls": ("call_id",),
    "meetings": ("meeting_id",),
    "quotes": ("quote_id",),
    "sessions": ("session_id",),
    "pixel_events": ("event_id",),
    "ad_spend": ("spend_id",),
    "orders": ("order_id",),
    "order_lines": ("order_line_id",),
    "subscriptions": ("subscription_id",),
    "quotas": ("rep_id", "team", "month", "kind"),
    "acquisition_costs": ("cost_id",),
    "competitor_prices": ("product_id", "competitor", "observed_on"),
    "brand_mentions": ("mention_id",),
    "exchange_rates": ("currency", "valid_from"),
}


def text(value: Value) -> str:
    """Return a value as it stands in the file; None is the empty field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%MZ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def sort_value(value: Value) -> tuple[int, str]:
    """Return a key that puts whole numbers in their order and all else in text order."""
    if isinstance(value, int):
        return value, ""
    return 0, text(value)


def to_csv(entity: str, rows: list[Row]) -> str:
    """Return the rows of one entity as CSV, sorted by key, with LF line ends."""
    columns = COLUMNS[entity]
    keys = SORT_KEYS[entity]
    ordered = sorted(rows, key=lambda row: [sort_value(row[key]) for key in keys])
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in ordered:
        writer.writerow([text(row[column]) for column in columns])
    return buffer.getvalue()


def to_files(tables: Mapping[str, list[Row]]) -> dict[str, bytes]:
    """Return file name and content for every table."""
    return {f"demo_{entity}.csv": to_csv(entity, rows).encode() for entity, rows in tables.items()}
