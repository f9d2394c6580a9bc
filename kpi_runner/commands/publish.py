"""kpi publish: keeps the figures as published."""

from __future__ import annotations

from pathlib import Path

import click

from kpi_runner.options import format_option, name_as_of, period_option, project_options, write_table
from kpi_runner.periods import parse_period
from kpi_runner.project import find_project
from kpi_runner.published import Publication, history_of, publications, publish, summary
from kpi_runner.warehouse import opened

#: How much of a hash people read.
SHORT = 12


@click.command("publish")
@period_option
@click.option("--list", "is_list", is_flag=True, help="Publish nothing; list what was published.")
@format_option("text", "csv", "json")
@project_options
def command(period: str, is_list: bool, output_format: str, target: str | None, project_dir: Path | None) -> None:
    """Keep the figures of the last run as published, beside those published before.

    Nothing that was published is ever changed. A publication holds the figures of the periods that lie in the
    asked one, the as-of, the version of code, settings and data, and the rows that the figures were reckoned from;
    `kpi diff` compares with it.

    \b
    Example:
      kpi publish --period 2026-Q2
      kpi publish --list
    """
    project = find_project(project_dir)
    place = project.target(target)
    history = history_of(place.beside)
    if is_list:
        _write(output_format, publications(history))
        return
    with opened(place) as there, there.to_publish() as warehouse:
        settings = warehouse.settings()
        chosen = parse_period(period, settings.calendar)
        publication = publish(warehouse, settings, period, chosen, history, project.directory)
    name_as_of(settings)
    _write(output_format, [publication])


def _write(output_format: str, found: list[Publication]) -> None:
    """Writes publications to stdout, one a line; hashes in full but for people."""
    columns, rows = summary(found)
    if output_format == "text":
        hashes = {place for place, name in enumerate(columns) if name.endswith(("_hash", "_commit"))}
        rows = [
            tuple(value[:SHORT] if place in hashes and value else value for place, value in enumerate(row))
            for row in rows
        ]
    write_table(output_format, columns, rows)
