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
    "quotas": ("rep_id", "team", "month", "kind", "target", "currency"),
    "exchange_rates": ("currency", "valid_from", "rate"),
}

SORT_KEYS: dict[str, tuple[str, ...]] = {
    "reps": ("rep_id",),
    "accounts": ("account_id",),
    "products": ("product_id",),
    "stages": ("pipeline", "position"),
    "deals": ("deal_id",),
    "deal_stage_changes": ("deal_id", "entered_at", "stage"),
    "quotas": ("rep_id", "team", "month", "kind"),
    "exchange_rates": ("currency", "valid_from"),
}


def text(value: Value) -> str:
    """Return a value as it stands in the file; None is the empty field."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
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
