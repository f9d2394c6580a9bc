"""kpi diff: what has changed since figures were published."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kpi_runner.diff import COLUMNS, ChangedFigure, ChangedRow, Difference, as_json, difference
from kpi_runner.errors import ExitCode
from kpi_runner.options import (
    format_option,
    name_as_of,
    names_option,
    open_warehouse,
    period_option,
    project_options,
    write_table,
)
from kpi_runner.periods import Calendar, parse_period, period_text
from kpi_runner.published import history_of, publication_of
from kpi_runner.render import display, plain

FIGURE_HEADS = ["figure", "period", "slice", "published", "now", "change", "cause", "rows"]
ROW_HEADS = ["kpi", "row", "what", "values", "figures"]


@click.command("diff")
@period_option
@click.option("--against", type=click.IntRange(min=1), metavar="ID", help="A publication; default: the last one.")
@names_option("--kpi", "kpis", metavar="KPI", help_text="Compare just these KPIs")
@click.option(
    "--rows",
    "named_rows",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="How many rows to name behind each figure; all are counted.",
)
@format_option("text", "csv", "json")
@project_options
def command(
    period: str,
    against: int | None,
    kpis: tuple[str, ...],
    named_rows: int,
    output_format: str,
    target: str | None,
    project_dir: Path | None,
) -> None:
    """Name every figure that has changed since it was published.

    Each comes with its value then and now, with what changed it (as_of, settings, code, data), and with the rows
    that arrived, changed or vanished behind it. Exit code 1 where there is a difference, 0 where there is none.
    Periods that lay ahead when the figures were published are not compared.

    \b
    Example:
      kpi diff --period 2026-Q2
      kpi diff --against 3 --kpi revenue,win_rate --format csv
    """
    project, warehouse, settings = open_warehouse(target, project_dir)
    with warehouse:
        chosen = parse_period(period, settings.calendar)
        publication = publication_of(history_of(project.target(target).path), against)
        result = difference(publication, warehouse, chosen, kpis, named_rows, project.directory)
    name_as_of(settings)
    _say(result)
    if output_format == "json":
        sys.stdout.write(as_json(result))
    elif output_format == "csv":
        write_table("csv", COLUMNS, [figure.row() for figure in result.figures])
    elif result.figures:
        _write_text(result, settings.calendar)
    if result.figures:
        click.get_current_context().exit(ExitCode.CHECK_FAILED)


def _say(result: Difference) -> None:
    """Says on stderr what was compared, what has changed between the two, and how much that is."""
    publication = result.publication
    head = f"against publication {publication.publication_id} of {publication.published_at} UTC"
    click.echo(f"{head}, as of {publication.state.as_of} UTC", err=True)
    for line in result.changes or ["as-of, settings, code and data are the same"]:
        click.echo(line, err=True)
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    kpis = len({figure.keys[0] for figure in result.figures})
    found = f"{len(result.figures)} figures of {kpis} KPIs have changed" if kpis else "no figure has changed"
    click.echo(found, err=True)


def _write_text(result: Difference, calendar: Calendar) -> None:
    """Writes the figures, then the rows behind them, for people."""
    write_table("text", FIGURE_HEADS, [_shown(figure, calendar) for figure in result.figures])
    if result.rows:
        click.echo()
        write_table("text", ROW_HEADS, [_shown_row(row) for row in result.rows])
    for kpi_id, count in result.row_counts.items():
        named = sum(row.kpi_id == kpi_id for row in result.rows)
        if named < count:
            click.echo(f"{kpi_id}: {count - named} more rows", err=True)


def _shown(figure: ChangedFigure, calendar: Calendar) -> tuple[str, ...]:
    kpi_id, measure, grain, start, end, dimension, value = figure.keys
    old, new = (display(number, figure.unit or "") for number in figure.values)
    if figure.status == "changed" and old == new:
        old, new = (_parts(figure, place) for place in (0, 1))
    counts = figure.counts
    return (
        kpi_id if measure == kpi_id else f"{kpi_id}.{measure}",
        f"{period_text(grain, start, end, calendar)} ({grain})",
        "" if dimension == "total" else f"{dimension}={value}",
        "" if figure.status == "appeared" else old,
        "" if figure.status == "vanished" else new,
        figure.status if figure.change is None else plain(figure.change) or "",
        ", ".join(figure.causes),
        f"+{counts['arrived']} ~{counts['changed']} -{counts['vanished']}",
    )


def _parts(figure: ChangedFigure, place: int) -> str:
    """A figure with what it is made of, where its value alone does not show the change."""
    numerator, denominator, value, row_count = (figure.old, figure.new)[place]
    quotient = "" if denominator is None else f" = {plain(numerator)} / {plain(denominator)}"
    rows = "" if row_count is None else f" of {row_count} rows"
    return f"{plain(value)}{quotient}{rows}"


def _shown_row(row: ChangedRow) -> tuple[str | int, ...]:
    names = list(dict.fromkeys((*row.old, *row.new)))
    if row.status == "changed":
        values = [f"{name}: {_text(row.old[name])} → {_text(row.new[name])}" for name in names]
    else:
        values = [f"{name}: {_text((row.new or row.old)[name])}" for name in names]
    return row.kpi_id, row.name, row.status, ", ".join(values), row.figures


def _text(value: object) -> str:
    text = plain(value)
    return "none" if text is None else text
