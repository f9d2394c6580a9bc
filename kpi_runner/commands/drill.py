"""kpi drill: the rows behind a figure."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from kpi_runner.drill import FIGURES, Drill, DrillRequest, drill
from kpi_runner.errors import UsageError
from kpi_runner.options import format_option, name_as_of, open_warehouse, period_option, project_options, write_table
from kpi_runner.periods import parse_period
from kpi_runner.render import display
from kpi_runner.warehouse import Warehouse


@click.command("drill")
@click.argument("kpi_id", metavar="KPI")
@period_option
@click.option("--where", metavar="EXPR", help="A SQL condition over the KPI's dimensions, as in kpi query.")
@click.option("--measure", metavar="M", help="The measure; default: the KPI's first one.")
@click.option("--component", metavar="INPUT", help="The rows of one part of the measure; a formula needs it.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Just the first N rows.")
@format_option("text", "csv", "json", "parquet")
@project_options
def command(
    kpi_id: str,
    period: str,
    where: str | None,
    measure: str | None,
    component: str | None,
    limit: int | None,
    output_format: str,
    target: str | None,
    project_dir: Path | None,
) -> None:
    """Show the rows behind a figure.

    They are the rows behind what `kpi query` says with the same KPI, measure, period and
    condition, which stderr repeats. The last columns say what each row adds to it: the sums of
    numerator, denominator and row_count are the figure's; those of value are the figure, where it
    is a count or a sum. Of a median or percentile, value is the row's own.

    A measure over customers, products, visitors and the like (see `kpi show`) has one row for each
    of them: inputs are the sums of its rows, other columns are filled where all of them agree.
    `--component` with one of the inputs gives these rows. A formula is made of several sums, so it
    takes --component: the error without it names them.

    What a row adds without being counted shows in row_count 0: the cost beside the new customers.

    Text leaves out columns: csv, json and parquet have them all.

    \b
    Example:
      kpi drill revenue --period 2026-Q2 --where "region = 'EMEA'"
      kpi drill win_rate --period 2026-06 --measure win_rate_by_value --format csv
      kpi drill sales_growth --period 2026-06 --measure growth --component previous.amount
    """
    project, warehouse, settings = open_warehouse(target, project_dir)
    with warehouse:
        request = DrillRequest(kpi_id, parse_period(period, settings.calendar), measure, component, where)
        found = drill(request, warehouse, settings, project.directory)
        name_as_of(settings)
        click.echo(_said(found, component), err=True)
        _write(output_format, found, warehouse, limit)


def _said(found: Drill, component: str | None) -> str:
    """The figure in words: what the rows are behind."""
    figure = found.figure
    parts = [f"{found.name} from {figure['period_start']} to before {figure['period_end']}"]
    parts.append(f"{display(figure['value'], found.unit or '')}")
    text = ": ".join(parts)
    if figure["denominator"] is not None:
        text += f" = {display(figure['numerator'], '')} / {display(figure['denominator'], '')}"
    if figure["row_count"] is not None:
        text += f", {figure['row_count']} rows"
    return text if component is None else f"{text}; here the rows of {component}"


def _write(output_format: str, found: Drill, warehouse: Warehouse, limit: int | None) -> None:
    """Writes the rows, and says on stderr where there are more of them."""
    sql = f"{found.sql} limit {limit}" if limit else found.sql
    if limit is not None:
        ((total,),) = warehouse.rows(f"select count(*) from ({found.sql})")
        if total > limit:
            click.echo(f"note: the first {limit} of {total} rows", err=True)
    if output_format == "parquet":
        if sys.stdout.isatty():
            raise UsageError("--format: parquet is binary; send it to a file: … --format parquet > rows.parquet")
        sys.stdout.buffer.write(warehouse.parquet_bytes(sql))
        return
    rows = warehouse.rows(sql)
    if output_format == "text":
        write_table("text", *_headlines(found, rows))
    else:
        write_table(output_format, found.columns, rows)


def _headlines(found: Drill, rows: Sequence[Sequence[Any]]) -> tuple[list[str], list[list[Any]]]:
    """The headline columns of the rows, without those that say nothing."""
    places = [place for place, name in enumerate(found.columns) if name in found.headline]
    kept = [
        place for place in places if found.columns[place] in FIGURES[3:] or any(row[place] is not None for row in rows)
    ]
    return [found.columns[place] for place in kept], [[row[place] for place in kept] for row in rows]
