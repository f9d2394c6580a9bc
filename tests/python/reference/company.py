"""What goes in: a company's raw rows as text, and the settings of one run."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from .columns import COLUMNS as COLUMNS

Row = dict[str, str | None]
Company = dict[str, list[Row]]

LOADED_AT = "_loaded_at"


@dataclass(frozen=True)
class Settings:
    """The layer's settings that figures depend on (kpis.md, Rules that hold for every KPI).

    `as_of` is a bare date (the end of that local day) or an ISO timestamp (without a zone: UTC).
    `customer_lifecycle` says who is a customer: by `subscriptions`, or by `purchases`.
    `asked` is the range `[start, end)` of local days that figures are asked for, None for all;
    without an end it goes on to as_of. Of single `days` there are figures of all slices, totals alone (the layer's
    default) or none.
    """

    as_of: str
    timezone: str = "UTC"
    week_start: str = "monday"
    fiscal_year_start_month: int = 1
    cohort_window_days: int = 90
    reporting_currency: str = "USD"
    holidays: tuple[str, ...] = ()
    response_sla_hours: int = 24
    stale_after_days: int = 14
    renewal_gap_days: int = 1
    active_days: int = 365
    customer_lifecycle: str = "subscriptions"
    asked: tuple[date, date | None] | None = None
    days: Literal["all", "totals", "none"] = "all"


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
