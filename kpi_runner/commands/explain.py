"""kpi explain: what a figure's change is made of, slice by slice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from kpi_runner.compare import COMPARISONS, shown_change, shown_share
from kpi_runner.explain import Explanation, explain
from kpi_runner.options import (
    format_option,
    name_as_of,
    names_option,
    open_warehouse,
    period_option,
    project_options,
    write_table,
)
from kpi_runner.periods import compared, parse_period, period_text
from kpi_runner.query import Request
from kpi_runner.render import display

COLUMNS = [
    "kpi_id", "measure", "grain", "period_start", "period_end", "compared_start", "compared_end",
    "dimension", "slice", "value", "compared_value", "rate_effect", "mix_effect", "contribution",
    "share_of_change",
]  # fmt: skip
TEXT_COLUMNS = COLUMNS[COLUMNS.index("dimension") :]


@click.command("explain")
@click.argument("kpi")
@period_option
@click.option(
    "--compare",
    type=click.Choice(COMPARISONS),
    default=COMPARISONS[0],
    show_default=True,
    help="What the period is compared with: the one before, or the same one a year ago.",
)
@names_option("--by", "dimensions", metavar="DIM", help_text="By the slices of these dimensions together")
@click.option("--where", metavar="EXPR", help="A SQL condition over the KPI's dimensions.")
@click.option("--measure", metavar="M", help="The measure; default: the KPI's first one.")
@format_option("text", "csv", "json")
@project_options
def command(
    kpi: str,
    period: str,
    compare: str,
    dimensions: tuple[str, ...],
    where: str | None,
    measure: str | None,
    output_format: str,
    target: str | None,
    project_dir: Path | None,
) -> None:
    """Split the change of a figure into what each slice contributes.

    A count or sum changes by the slices' contributions. A ratio or mean changes because the slices'
    own rates change (rate_effect), and because their weights do (mix_effect). The parts add up to
    the change exactly, the largest first. Without --by, each dimension is gone through in turn.

    \b
    Example:
      kpi explain win_rate --period 2026-Q2 --by team
      kpi explain revenue --period 2026-05 --compare year --by channel --format csv
    """
    project, warehouse, settings = open_warehouse(target, project_dir)
    calendar = settings.calendar
    notes: list[str] = []
    with warehouse:
        info = warehouse.kpis([kpi])[0]
        request = Request(
            [kpi],
            parse_period(period, calendar),
            dimensions=dimensions,
            where=where,
            measures=[measure if measure is not None else info.primary.measure],
        )
        asked, slot, found = explain(request, compare, warehouse, settings, project.directory, notes)
    other_start, other_end = compared(slot, compare, asked.question.grain, calendar)
    name_as_of(settings)
    for note in dict.fromkeys(notes):
        click.echo(f"note: {note}", err=True)
    told = asked.measures[0]
    here = period_text("custom", slot.start, slot.end, calendar)
    there = period_text("custom", other_start, other_end, calendar)
    click.echo(f"{told.measure} of {here}, compared with {there}", err=True)
    if output_format == "text":
        write_table("text", TEXT_COLUMNS, [_shown(row, told.unit) for row in _rows(found)])
    else:
        head = (kpi, told.measure, asked.question.grain, slot.start, slot.end, other_start, other_end)
        write_table(output_format, COLUMNS, [(*head, *row) for row in _rows(found)])


def _rows(explanations: Iterable[Explanation]) -> Iterator[tuple[Any, ...]]:
    """The values of TEXT_COLUMNS, a row per slice."""
    for explanation in explanations:
        for part in explanation.parts:
            effects = (part.rate_effect, part.mix_effect, part.contribution, part.share)
            yield (explanation.dimension, part.slice, part.value, part.compared_value, *effects)


def _shown(row: tuple[Any, ...], unit: str | None) -> list[Any]:
    """A line as people read it: figures in their unit, effects with their sign."""
    shown = dict(zip(TEXT_COLUMNS, row, strict=True))
    for name in ("value", "compared_value"):
        shown[name] = display(shown[name], unit or "")
    for name in ("rate_effect", "mix_effect", "contribution"):
        shown[name] = shown_change(shown[name], unit)
    shown["share_of_change"] = shown_share(shown["share_of_change"])
    return list(shown.values())
