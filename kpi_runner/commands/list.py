"""kpi list: the catalog of KPIs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kpi_runner.options import format_option, open_warehouse, project_options, write_table
from kpi_runner.warehouse import Kpi, MeasureInfo

COLUMNS = [
    "kpi_id", "number", "title", "theme", "basis", "unit", "better", "healthy_low", "healthy_high",
    "dimensions", "needs", "available", "missing", "measures",
]  # fmt: skip

MEASURE_COLUMNS = [
    "measure", "unit", "basis", "better", "healthy_low", "healthy_high", "dimensions", "available",
    "missing",
]  # fmt: skip

TEXT_COLUMNS = [
    "kpi_id", "number", "title", "unit", "better", "healthy_low", "healthy_high", "dimensions",
    "available", "missing",
]  # fmt: skip


@click.command("list")
@format_option("text", "csv", "json")
@project_options
def command(output_format: str, target: str | None, project_dir: Path | None) -> None:
    """List the KPIs: what they are, how they can be sliced, and what they lack.

    \b
    Example:
      kpi list
      kpi list --format json
    """
    _, warehouse, _ = open_warehouse(target, project_dir)
    with warehouse:
        catalog = warehouse.catalog()
    columns = TEXT_COLUMNS if output_format == "text" else COLUMNS
    entries = [_entry(kpi) for kpi in catalog]
    write_table(output_format, columns, [[entry[name] for name in columns] for entry in entries])


def _entry(kpi: Kpi) -> dict[str, Any]:
    """A KPI in the columns of the contract; what measures differ in, dimensions too, is the primary one's."""
    primary = kpi.primary
    return _measure(primary) | {
        "kpi_id": kpi.kpi_id,
        "number": kpi.number,
        "title": kpi.title,
        "theme": kpi.theme,
        "needs": list(primary.needs),
        "measures": [_measure(info) for info in kpi.measures],
    }


def _measure(info: MeasureInfo) -> dict[str, Any]:
    """A measure in the columns of the contract."""
    return {name: _listed(getattr(info, name)) for name in MEASURE_COLUMNS}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
