"""kpi export: files for people and dashboards."""

from __future__ import annotations

from pathlib import Path

import click

from kpi_runner.errors import UsageError
from kpi_runner.export import FORMATS, export
from kpi_runner.options import name_as_of, open_warehouse, period_option, project_options
from kpi_runner.periods import parse_period


@click.command("export")
@period_option
@click.option(
    "--format",
    "formats",
    default="csv",
    show_default=True,
    metavar="F,F",
    help=f"One or several of {', '.join(FORMATS)}, separated by commas.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("exports"),
    show_default=True,
    help="The directory to write to; made where it is not there.",
)
@project_options
def command(period: str, formats: str, output: Path, target: str | None, project_dir: Path | None) -> None:
    """Write kpi_values, kpi_scorecard and kpi_catalog as files, all of them or none.

    Figures are those of the periods that lie in the asked one. csv, parquet and json give one
    file per table; xlsx a workbook with one sheet per theme; html a page for people: the asked
    period where it is one complete period of a grain, else the last complete month in it, else
    week, else day. Where it is about another period than the asked one, a note says so.

    \b
    Example:
      kpi export --period 2026 --format csv,parquet -o exports/
      kpi export --period last-month --format html,xlsx -o exports/
    """
    asked = [name.strip() for name in formats.split(",")]
    for name in asked:
        if name not in FORMATS:
            raise UsageError(f"--format: {name!r} is not one of {', '.join(FORMATS)}.")
    _, warehouse, settings = open_warehouse(target, project_dir)
    with warehouse:
        chosen = parse_period(period, settings.calendar)
        written = export(warehouse, chosen, list(dict.fromkeys(asked)), output)
    name_as_of(settings)
    for note in dict.fromkeys(entry.note for entry in written if entry.note):
        click.echo(f"note: {note}", err=True)
    for entry in written:
        click.echo(f"{output / entry.file}: {entry.contents}", err=True)
