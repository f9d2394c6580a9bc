"""What goes in: a company's raw rows as text, and the settings of one run."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

Row = dict[str, str | None]
Company = dict[str, list[Row]]

LOADED_AT = "_loaded_at"

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


@dataclass(frozen=True)
class Settings:
    """The layer's settings that figures depend on (kpis.md, Rules that hold for every KPI).

    `as_of` is a bare date (the end of that local day) or an ISO timestamp (without a zone: UTC).
    `asked` is the range `[start, end)` of local days that figures are asked for, None for all;
    without an end it goes on to as_of.
    """

    as_of: str
    timezone: str = "UTC"
    week_start: str = "monday"
    fiscal_year_start_month: int = 1
    cohort_window_days: int = 90
    reporting_currency: str = "USD"
    holidays: tuple[str, ...] = ()
    asked: tuple[date, date | None] | None = None


def header(entity: str, rows: list[Row]) -> tuple[str, ...]:
    """The columns of an entity's file: the canonical ones, and `_loaded_at` where a row has it."""
    extra = (LOADED_AT,) if any(LOADED_AT in row for row in rows) else ()
    return COLUMNS[entity] + extra


def write_company(company: Mapping[str, list[Row]], directory: Path) -> None:
    """Write one CSV per delivered entity into `directory`, and remove those of the others."""
    directory.mkdir(parents=True, exist_ok=True)
    for entity in COLUMNS:
        path = directory / f"{entity}.csv"
        if entity not in company:
            path.unlink(missing_ok=True)
            continue
        rows = company[entity]
        names = header(entity, rows)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            for row in rows:
                writer.writerow(["" if row.get(n) is None else row[n] for n in names])
