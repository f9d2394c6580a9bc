"""kpi demo: builds the demo company and prints its scorecard by goal."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from kpi_runner.export import REPORT, export
from kpi_runner.options import format_option, name_as_of, project_options, write_table
from kpi_runner.periods import parse_period
from kpi_runner.profiles import Target
from kpi_runner.project import find_project
from kpi_runner.run import RunRequest, run
from kpi_runner.scorecard import SCORECARD_COLUMNS, last_scorecard, shown
from kpi_runner.warehouse import opened

#: The demo company's last day; with another as-of its figures would be others from day to day.
DEMO_AS_OF = "2026-06-30"


@click.command("demo")
@click.option(
    "--grain",
    type=click.Choice(["week", "month", "quarter", "year"]),
    default="quarter",
    show_default=True,
    help="The scorecard's last complete period is one of these.",
)
@click.option("--open", "opens", is_flag=True, help="Write the report beside the warehouse and open it in the browser.")
@format_option("text", "csv", "json")
@project_options
def command(grain: str, opens: bool, output_format: str, target: str | None, project_dir: Path | None) -> None:
    """Build the whole project on the embedded demo company and print its scorecard.

    The goals of seeds/goals.csv come first, each with its KPIs; then the other KPIs, by theme.

    \b
    Example:
      kpi demo
      kpi demo --grain month --format csv
      kpi demo --open
    """
    project = find_project(project_dir)
    place = project.target(target)
    click.echo("Building the demo company …", err=True)
    run(RunRequest(systems=["demo"], as_of=DEMO_AS_OF), project, place)
    with opened(place) as warehouse:
        name_as_of(warehouse.settings())
        entries = last_scorecard(warehouse, grain)
    if output_format == "text":
        if entries:
            click.echo(f"Scorecard of {entries[0].period}\n")
        write_table("text", *shown(entries))
    else:
        write_table(output_format, SCORECARD_COLUMNS, [entry.row for entry in entries])
    if opens:
        _open_report(place, grain)


def _open_report(place: Target, grain: str) -> None:
    """Writes the report of the scorecard's period beside the warehouse, and opens it."""
    with opened(place) as warehouse:
        period = parse_period(f"last-{grain}", warehouse.settings().calendar)
        page = place.beside.parent.resolve() / REPORT
        export(warehouse, period, ["html"], page.parent)
    click.echo(f"Report: {page}", err=True)
    if not webbrowser.open(page.as_uri()):
        click.echo("There is no browser to open it here.", err=True)
