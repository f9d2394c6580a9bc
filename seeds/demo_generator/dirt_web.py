"""Broken rows among sessions, orders, advertising and mentions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from .dirty_rows import DirtyRow, Steps, Tables, at
from .market import NEUTRAL
from .tables import text

UNKNOWN_PRODUCT, UNKNOWN_ORDER = "P-99", "O-9999"
ABOUT_CLICKS, MIXED = "approx. 4", "mixed"
REPEATED_AT, ABOUT_CLICKS_AT, MIXED_AT = 0.40, 0.65, 0.35
DISCONTINUED_PART_ON = datetime(2025, 2, 1)


def repeated_session(tables: Tables) -> list[DirtyRow]:
    """Deliver one session's row twice."""
    row = at(tables["sessions"], REPEATED_AT)
    tables["sessions"].append(dict(row))
    return [DirtyRow("sessions", text(row["session_id"]), "the same row twice", "merged into one")]


def line_of_unknown_product(tables: Tables) -> list[DirtyRow]:
    """Add to a shop order a line with a product that is not in the catalog, and so without a cost."""
    order = next(
        row
        for row in tables["orders"]
        if row["session_id"] and isinstance(row["ordered_at"], datetime) and row["ordered_at"] > DISCONTINUED_PART_ON
    )
    key = add_line(tables, text(order["order_id"]), UNKNOWN_PRODUCT)
    return [DirtyRow("order_lines", key, "product_id points nowhere", "kept, (unknown), outside the margin")]


def line_of_unknown_order(tables: Tables) -> list[DirtyRow]:
    """Add a line of an order that does not exist."""
    key = add_line(tables, UNKNOWN_ORDER, "P-13")
    return [DirtyRow("order_lines", key, "order_id points nowhere", "kept, counted")]


def add_line(tables: Tables, order_id: str, product_id: str) -> str:
    """Add a line of two pieces, and return its key."""
    key = f"{order_id}-9"
    tables["order_lines"].append(
        {
            "order_line_id": key,
            "order_id": order_id,
            "product_id": product_id,
            "quantity": 2,
            "unit_price": Decimal("48.00"),
            "unit_cost": None,
            "discount": None,
            "refunded_amount": None,
            "refunded_at": None,
        }
    )
    return key


def about_so_many_clicks(tables: Tables) -> list[DirtyRow]:
    """Write something into a week's clicks that is no number."""
    row = at(tables["ad_spend"], ABOUT_CLICKS_AT)
    row["clicks"] = ABOUT_CLICKS
    return [DirtyRow("ad_spend", text(row["spend_id"]), "clicks unparsable (optional)", "kept, set to null")]


def mixed_feelings(tables: Tables) -> list[DirtyRow]:
    """Give a mention a sentiment that there is not."""
    row = at([row for row in tables["brand_mentions"] if row["sentiment"] == NEUTRAL], MIXED_AT)
    row["sentiment"] = MIXED
    case = "sentiment is not one of the list (optional)"
    return [DirtyRow("brand_mentions", text(row["mention_id"]), case, "kept, set to null")]


STEPS: Steps = (
    repeated_session,
    line_of_unknown_product,
    line_of_unknown_order,
    about_so_many_clicks,
    mixed_feelings,
)
