"""kpi diff: what has changed since figures were published."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from kpi_runner.diff import COLUMNS, ROW_STATUSES, ChangedFigure, ChangedRow, Difference, KpiDifference, difference
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
from kpi_runner.render import display, plain, to_csv, to_json

FIGURE_HEADS = ["measure", "period", "slice", "published", "now", "change", "cause", "rows"]
ROW_HEADS = ["row", "what", "values", "figures"]
ROW_COLUMNS = ["kpi_id", "status", "key", "old", "new", "figures"]


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
    Periods that lay ahead when the figures were published are not compared; where nothing is left to compare, that is
    an error (exit code 3).

    \b
    Example:
      kpi diff --period 2026-Q2
      kpi diff --against 3 --kpi revenue,win_rate --format csv
    """
    project, there, settings = open_warehouse(target, project_dir)
    with there:
        chosen = parse_period(period, settings.calendar)
        publication = publication_of(history_of(project.target(target).beside), against)
        with there.to_publish() as warehouse:
            result = difference(publication, warehouse, chosen, kpis, named_rows, project.directory)
            name_as_of(settings)
            _say(result)
            figures, changed = _write(output_format, result, settings.calendar)
    if not figures:
        click.echo(f"no figure has changed, of {result.compared} compared", err=True)
    else:
        click.echo(f"{figures} figures of {changed} KPIs have changed", err=True)
        click.get_current_context().exit(ExitCode.CHECK_FAILED)


def _say(result: Difference) -> None:
    """Says on stderr what was compared, and in what the two differ."""
    publication = result.publication
    head = f"against publication {publication.publication_id} of {publication.published_at} UTC"
    click.echo(f"{head}, as of {publication.state.as_of} UTC", err=True)
    for line in result.changes or ["as-of, settings, code and data are the same"]:
        click.echo(line, err=True)
    for note in result.notes:
        click.echo(f"note: {note}", err=True)


def _write(output_format: str, result: Difference, calendar: Calendar) -> tuple[int, int]:
    """Writes the changed figures KPI by KPI; gives how many there are, and of how many KPIs."""
    counts: list[int] = []
    kpis = (_counted(kpi, counts) for kpi in result.kpis)
    if output_format == "json":
        _write_json(result, kpis)
    elif output_format == "csv":
        sys.stdout.write(to_csv(COLUMNS, []))
        for kpi in kpis:
            sys.stdout.write(to_csv(COLUMNS, (figure.row() for figure in kpi.figures)).partition("\n")[2])
    else:
        for number, kpi in enumerate(kpis):
            _write_text(kpi, calendar, is_first=number == 0)
    return sum(counts), len(counts)


def _counted(kpi: KpiDifference, counts: list[int]) -> KpiDifference:
    counts.append(len(kpi.figures))
    return kpi


def _write_json(result: Difference, kpis: Iterable[KpiDifference]) -> None:
    """Writes one JSON object: the two that were compared, then figures and rows, each on a line of its own."""
    publication = result.publication
    head = {
        "publication_id": publication.publication_id,
        "published_at": publication.published_at,
        "period": publication.period,
    }
    for name, state, about in (("publication", publication.state, head), ("warehouse", result.state, {})):
        code = state.build.code
        about |= {"as_of": state.as_of, "git_commit": code.git_commit, "content_hash": code.content_hash}
        opening = "{" if name == "publication" else ""
        sys.stdout.write(f'{opening}"{name}": {to_json(list(about), [list(about.values())])[2:-3]},\n')
    for name, lines in (("changes", result.changes), ("notes", result.notes)):
        sys.stdout.write(f'"{name}": {json.dumps(lines, ensure_ascii=False)},\n')
    rows: list[ChangedRow] = []
    sys.stdout.write('"figures": [')
    opening = "\n"
    for kpi in kpis:
        rows += kpi.rows
        sys.stdout.write(opening + to_json(COLUMNS, (figure.row() for figure in kpi.figures))[2:-3])
        opening = ",\n"
    listed = to_json(ROW_COLUMNS, ([getattr(row, name) for name in ROW_COLUMNS] for row in rows)).strip()
    sys.stdout.write(f'],\n"rows": {listed}}}\n')


def _write_text(kpi: KpiDifference, calendar: Calendar, is_first: bool) -> None:
    """Writes the changed figures of a KPI, then the rows behind them, for people."""
    if not is_first:
        click.echo()
    click.echo(f"{kpi.kpi_id}: {len(kpi.figures)} figures, {kpi.row_count} rows behind them")
    write_table("text", FIGURE_HEADS, [_shown(figure, calendar) for figure in kpi.figures])
    if kpi.rows:
        click.echo()
        write_table("text", ROW_HEADS, [_shown_row(row) for row in kpi.rows])


def _shown(figure: ChangedFigure, calendar: Calendar) -> tuple[str, ...]:
    _, measure, grain, start, end, dimension, value = figure.keys
    old, new = (display(number, figure.unit or "") for number in figure.values)
    if figure.status == "changed" and old == new:
        old, new = (_parts(figure, place) for place in (0, 1))
    arrived, changed, vanished = (figure.counts.get(status, 0) for status in ROW_STATUSES)
    return (
        measure,
        f"{period_text(grain, start, end, calendar)} ({grain})",
        "" if dimension == "total" else f"{dimension}={value}",
        "" if figure.status == "appeared" else old,
        "" if figure.status == "vanished" else new,
        figure.status if figure.change is None else plain(figure.change) or "",
        ", ".join(figure.causes),
        f"+{arrived} ~{changed} -{vanished}",
    )


def _parts(figure: ChangedFigure, place: int) -> str:
    """A figure with what it is made of, where its value alone does not show the change."""
    numerator, denominator, value, row_count = (figure.old, figure.new)[place]
    made_of = [] if denominator is None else [f"{_text(numerator)} / {_text(denominator)}"]
    made_of += [] if row_count is None else [f"{row_count} rows"]
    return f"{display(value, figure.unit or '')} ({', '.join(made_of)})"


def _shown_row(row: ChangedRow) -> tuple[str | int, ...]:
    names = list(dict.fromkeys((*row.old, *row.new)))
    if row.status == "changed":
        values = [f"{name}: {_text(row.old[name])} → {_text(row.new[name])}" for name in names]
    else:
        values = [f"{name}: {_text((row.new or row.old)[name])}" for name in names]
    return row.name, row.status, ", ".join(values), row.figures


def _text(value: object) -> str:
    text = plain(value)
    return "none" if text is None else text
