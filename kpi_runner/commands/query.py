"""kpi query: figures for any period, grain, slice and filter."""

from __future__ import annotations

import sys
from pathlib import Path

import click

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
@format_option("text", "csv", "json", "parquet")
@project_options
def command(
    kpis: tuple[str, ...],
    period: str,
    grain: str | None,
    dimensions: tuple[str, ...],
    where: str | None,
    measures: tuple[str, ...],
    output_format: str,
    target: str | None,
    project_dir: Path | None,
) -> None:
    """Ask for figures of the last run.

    Without --grain there is one figure for the whole period. A condition compares dimensions
    with literals: and, or, not, in, like, is null, between.

    \b
    Example:
      kpi query win_rate --period 2026-Q2 --by team
      kpi query revenue won_deals --period 2026 --grain month --where "region = 'EMEA'"
      kpi query sales_cycle --measure median_days --by segment,channel --format csv
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
        result = answer(request, warehouse, settings, project.directory)
    name_as_of(settings)
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    _write(output_format, result)


def _write(output_format: str, result: Answer) -> None:
    """Writes the figures: exact in csv, json and parquet, rounded for people as text."""
    if output_format == "parquet":
        if sys.stdout.isatty():
            raise UsageError("--format: parquet is binary; send it to a file: … --format parquet > figures.parquet")
        sys.stdout.buffer.write(parquet_bytes(result.columns, result.rows))
    elif output_format == "text":
        place = result.columns.index("value")
        rows = [
            (*row[:place], display(row[place], unit or ""), *row[place + 1 :])
            for row, unit in zip(result.rows, result.units, strict=True)
        ]
        write_table("text", result.columns, rows)
    else:
        write_table(output_format, result.columns, result.rows)
