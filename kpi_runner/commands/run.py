"""kpi run: builds the warehouse from a company's source systems."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from kpi_runner.options import format_option, names_option, period_option, project_options
from kpi_runner.project import find_project
from kpi_runner.render import to_csv, to_json, to_text
from kpi_runner.run import EntitySummary, KpiSummary, RunRequest, RunSummary, run

KPI_COLUMNS = [field.name for field in dataclasses.fields(KpiSummary)]
ENTITY_COLUMNS = [field.name for field in dataclasses.fields(EntitySummary)]


@click.command("run")
@period_option
@names_option("--system", "systems", metavar="NAME", help_text="The source systems")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The directory with the files of a file-based system; alone it means --system folder.",
)
@names_option("--select", "kpis", metavar="KPI", help_text="Build just these KPIs")
@click.option("--as-of", metavar="T", help="A date (its end) or ISO 8601 timestamp; default: now.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A setting; repeatable.")
@format_option("text", "csv", "json")
@project_options
def command(
    period: str,
    systems: tuple[str, ...],
    data: Path | None,
    kpis: tuple[str, ...],
    as_of: str | None,
    assignments: tuple[str, ...],
    output_format: str,
    target: str | None,
    project_dir: Path | None,
) -> None:
    """Build the KPIs of a company and say what became of its rows.

    Settings come from --set, then from settings.yml in the data directory, then from
    dbt_project.yml. What was built before stays until the new build is whole.

    \b
    Example:
      kpi run --data exports/ --as-of 2026-06-30 --set timezone=Europe/Berlin
      kpi run --system opportunity_export --data crm/ --period 2026
      kpi run --system lead_funnel_export --data funnel/ --as-of 2026-06-30
    """
    project = find_project(project_dir)
    request = RunRequest(period, systems, data, kpis, as_of, assignments)
    write_summary(output_format, run(request, project, project.target(target)))


def write_summary(output_format: str, summary: RunSummary) -> None:
    """Writes a summary to stdout: KPIs, then entities; csv has the KPIs alone."""
    kpis: list[tuple[Any, ...]] = [dataclasses.astuple(entry) for entry in summary.kpis]
    entities: list[tuple[Any, ...]] = [dataclasses.astuple(entry) for entry in summary.entities]
    if output_format == "csv":
        click.echo(to_csv(KPI_COLUMNS, kpis), nl=False)
    elif output_format == "json":
        parts = to_json(KPI_COLUMNS, kpis).strip(), to_json(ENTITY_COLUMNS, entities).strip()
        click.echo(f'{{"kpis": {parts[0]},\n"entities": {parts[1]}}}')
    else:
        click.echo(to_text(KPI_COLUMNS, kpis))
        click.echo(to_text(ENTITY_COLUMNS, entities), nl=False)
