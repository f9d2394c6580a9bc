"""kpi show: what a KPI is, and where it comes from."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kpi_runner.errors import UsageError
from kpi_runner.options import format_option, name_as_of, open_warehouse, project_options
from kpi_runner.render import json_text
from kpi_runner.show import as_json, as_text, compiled_lineage, compiled_sql, lineage_of, translated


@click.command("show")
@click.argument("kpi_id", metavar="KPI")
@click.option("--sql", "with_sql", is_flag=True, help="The SQL that the last run compiled; in json beside the rest.")
@click.option("--dialect", metavar="D", help="The SQL in another engine's dialect: postgres, snowflake, …")
@format_option("text", "json")
@project_options
def command(
    kpi_id: str,
    with_sql: bool,
    dialect: str | None,
    output_format: str,
    target: str | None,
    project_dir: Path | None,
) -> None:
    """Show what a KPI is, and where each of its measures comes from.

    The lineage goes from a measure's inputs, column by column and model by model, to the raw
    columns: those of seeds, tables and delivered files. With the inputs stand the dates that place
    a row in a period, and the columns by which the KPI chooses its rows; … follows a column whose
    sources were shown above.

    With --sql, the text is the KPI's compiled SQL alone. It reads the marts; --dialect translates
    it, and says on stderr what the other engine lacks.

    \b
    Example:
      kpi show win_rate
      kpi show revenue --format json
      kpi show revenue --sql --dialect postgres
    """
    if dialect is not None and not with_sql:
        raise UsageError("--dialect: it takes --sql, whose dialect it names.")
    project, warehouse, settings = open_warehouse(target, project_dir)
    with warehouse:
        (kpi,) = warehouse.kpis([kpi_id])
        sql = compiled_sql(kpi.kpi_id, warehouse)
        lacking: list[str] = []
        if dialect is not None:
            sql, lacking = translated(sql, dialect, warehouse.dialect)
        if with_sql and output_format == "text":
            text = f"{sql}\n"
        else:
            lineages = lineage_of(kpi, compiled_lineage(warehouse), project.directory)
            text = (
                json_text(as_json(kpi, lineages, sql if with_sql else None))
                if output_format == "json"
                else as_text(kpi, lineages)
            )
    name_as_of(settings)
    for message in lacking:
        click.echo(f"note: {dialect}: {message}", err=True)
    sys.stdout.write(text)
