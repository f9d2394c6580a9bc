"""kpi query: figures for any period, grain, slice and filter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from kpi_runner.compare import COMPARISONS, compared_answer, shown_change, shown_share
from kpi_runner.errors import UsageError
from kpi_runner.files import parquet_bytes
from kpi_runner.options import (
    format_option,
    name_as_of,
    names_option,
    open_warehouse,
    period_option,
    project_options,
    write_table,
)
from kpi_runner.periods import parse_period
from kpi_runner.query import Answer, Request, answer
from kpi_runner.render import display


@click.command("query")
@click.argument("kpis", nargs=-1, required=True, metavar="KPI...")
@period_option
@click.option("--grain", metavar="G", help="One figure per day, week, month, quarter, year, …")
@names_option("--by", "dimensions", metavar="DIM", help_text="Slice by these dimensions together")
@click.option("--where", metavar="EXPR", help="A SQL condition over the KPI's dimensions.")
@names_option("--measure", "measures", metavar="M", help_text="Just these measures")
@click.option(
    "--compare",
    type=click.Choice(COMPARISONS),
    help="Set each period beside the one before, or the same one a year ago.",
)
@click.option("--explain", "explains", is_flag=True, help="Say where each KPI's figures come from, and why.")
@format_option("text", "csv", "json", "parquet")
@project_options
def command(
    kpis: tuple[str, ...],
    period: str,
    grain: str | None,
    dimensions: tuple[str, ...],
    where: str | None,
    measures: tuple[str, ...],
    compare: str | None,
    explains: bool,
    output_format: str,
    target: str | None,
    project_dir: Path | None,
) -> None:
    """Ask for figures of the last run.

    Without --grain there is one figure for the whole period. A condition compares dimensions
    with literals: and, or, not, in, like, is null, between. A period that has not ended is compared
    with the same elapsed part of the other one, and with what was known of it by then. What the last run
    built is looked up; anything else is rolled up from the rows, to the same figures.

    \b
    Example:
      kpi query win_rate --period 2026-Q2 --by team
      kpi query revenue won_deals --period 2026 --grain month --where "region = 'EMEA'"
      kpi query sales_cycle --measure median_days --by segment,channel --format csv
      kpi query revenue win_rate --period mtd --compare previous
    """
    project, warehouse, settings = open_warehouse(target, project_dir)
    with warehouse:
        request = Request(
            kpis,
            parse_period(period, settings.calendar),
            grain,
            dimensions,
            where,
            measures,
        )
        if compare:
            result = compared_answer(request, compare, warehouse, settings, project.directory)
        else:
            result = answer(request, warehouse, settings, project.directory)
    name_as_of(settings)
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    for source in result.sources if explains else ():
        click.echo(source.text, err=True)
    _write(output_format, result)


def _write(output_format: str, result: Answer) -> None:
    """Writes the figures: exact in csv, json and parquet, rounded for people as text."""
    if output_format == "parquet":
        if sys.stdout.isatty():
            raise UsageError("--format: parquet is binary; send it to a file: … --format parquet > figures.parquet")
        sys.stdout.buffer.write(parquet_bytes(result.columns, result.rows))
    elif output_format == "text":
        rows = [_shown(result.columns, row, unit) for row, unit in zip(result.rows, result.units, strict=True)]
        write_table("text", result.columns, rows)
    else:
        write_table(output_format, result.columns, result.rows)


def _shown(columns: list[str], row: tuple[Any, ...], unit: str | None) -> list[Any]:
    """A row as people read it: figures in their unit, changes with their sign."""
    shown = dict(zip(columns, row, strict=True))
    for name in ("value", "compared_value"):
        if name in shown:
            shown[name] = display(shown[name], unit or "")
    if "change" in shown:
        shown["change"] = shown_change(shown["change"], unit)
        shown["change_pct"] = shown_share(shown["change_pct"])
    return list(shown.values())
