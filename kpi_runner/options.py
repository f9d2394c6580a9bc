"""Options that several commands share, and what they open."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from kpi_runner.errors import UsageError
from kpi_runner.periods import FORMS
from kpi_runner.project import Project, find_project
from kpi_runner.render import to_csv, to_json, to_text
from kpi_runner.warehouse import RunSettings, Warehouse, opened

Command = TypeVar("Command", bound=Callable[..., Any])

target_option = click.option("--target", metavar="NAME", help="The dbt target; default: the profile's own.")
project_dir_option = click.option(
    "--project-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where dbt_project.yml lies; default: found from the working directory upwards.",
)
period_option = click.option(
    "--period",
    default="all",
    show_default=True,
    metavar="PERIOD",
    help=f"{FORMS}.",
)


def names_option(*declarations: str, metavar: str, help_text: str) -> Callable[[Command], Command]:
    """Adds an option that takes names, repeated or separated by commas; gives them as a tuple."""
    return click.option(
        *declarations,
        multiple=True,
        metavar=metavar,
        help=f"{help_text}; several by commas or by repeating the option.",
        callback=lambda _context, option, texts: _split(option.opts[0], texts),
    )


def _split(option: str, texts: Sequence[str]) -> tuple[str, ...]:
    """The names in texts of names and commas. Raises UsageError for an empty name or one given twice."""
    names = [name.strip() for text in texts for name in text.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise UsageError(f"{option}: {','.join(texts)!r} is not a list of different names, separated by commas.")
    return tuple(names)


def project_options(command: Command) -> Command:
    """Adds --target and --project-dir."""
    return target_option(project_dir_option(command))


def format_option(*names: str) -> Callable[[Command], Command]:
    """Adds --format with these choices, the first one the default."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(names),
        default=names[0],
        show_default=True,
        help="How the table is written to stdout.",
    )


def open_warehouse(target: str | None, project_dir: Path | None) -> tuple[Project, Warehouse, RunSettings]:
    """The project, the warehouse that its last run left, and that run's settings."""
    project = find_project(project_dir)
    warehouse = opened(project.target(target))
    return project, warehouse, warehouse.settings()


def name_as_of(settings: RunSettings) -> None:
    """Says on stderr which instant the figures are as of."""
    local = settings.calendar.as_of_local
    click.echo(f"as of {local:%Y-%m-%d %H:%M:%S} {settings.timezone}", err=True)


def write_table(output_format: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Writes a table to stdout as text, csv or json."""
    if output_format == "csv":
        sys.stdout.write(to_csv(columns, rows))
    elif output_format == "json":
        sys.stdout.write(to_json(columns, rows))
    else:
        sys.stdout.write(to_text(columns, rows))
