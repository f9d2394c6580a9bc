"""kpi check: figures against their healthy ranges."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click

from kpi_runner.check import OUTSIDE, TOTAL, Judged, check
from kpi_runner.errors import ExitCode
from kpi_runner.options import format_option, name_as_of, open_warehouse, period_option, project_options, write_table
from kpi_runner.periods import Calendar, parse_period, period_text
from kpi_runner.render import display, printable

COLUMNS = [
    "kpi_id", "measure", "grain", "period_start", "period_end", "dimension", "dimension_value", "value",
    "healthy_low", "low_is_exclusive", "healthy_high", "high_is_exclusive", "status",
]  # fmt: skip


@click.command("check")
@click.argument("kpis", nargs=-1, metavar="[KPI]...")
@period_option
@click.option("--grain", metavar="G", help="Check each day, week, month, quarter, year, … in the period.")
@click.option("--all", "shows_all", is_flag=True, help="Show the healthy figures as well, in a table.")
@format_option("table", "csv", "json", "junit", "github")
@project_options
def command(
    kpis: tuple[str, ...],
    period: str,
    grain: str | None,
    shows_all: bool,
    output_format: str,
    target: str | None,
    project_dir: Path | None,
) -> None:
    """Check figures against their healthy ranges; exit 1 where one is outside.

    The ranges are those of `kpi list`, and what seeds/targets.csv says instead, for slices, too. Figures
    that are incomplete or provisional are not judged. A table and github show what is outside; csv,
    json and junit have every figure, with its status: ok, low, high, no_target or no_data.

    \b
    Example:
      kpi check --period last-month
      kpi check win_rate pipeline_multiplier --period 2026 --grain month --all
      kpi check --period last-quarter --format junit > kpis.xml
    """
    project, warehouse, settings = open_warehouse(target, project_dir)
    calendar = settings.calendar
    with warehouse:
        verdict = check(kpis, parse_period(period, calendar), grain, warehouse, settings, project.directory)
    name_as_of(settings)
    for note in dict.fromkeys(verdict.notes):
        click.echo(f"note: {note}", err=True)
    if output_format == "table":
        _write_table(verdict.judged if shows_all else verdict.outside, calendar)
    elif output_format == "junit":
        sys.stdout.write(_junit(verdict.judged, calendar))
    elif output_format == "github":
        sys.stdout.write("".join(_annotation(figure, calendar) for figure in verdict.outside))
    else:
        write_table(output_format, COLUMNS, [_row(figure) for figure in verdict.judged])
    click.echo(_summary(verdict.judged, verdict.pending), err=True)
    if verdict.outside:
        sys.exit(ExitCode.CHECK_FAILED)


def _row(figure: Judged) -> list[Any]:
    """A figure in COLUMNS."""
    return [
        figure.kpi_id,
        figure.measure,
        figure.grain,
        figure.period_start,
        figure.period_end,
        figure.dimension,
        figure.dimension_value,
        figure.value,
        figure.range.low,
        figure.range.low_is_exclusive,
        figure.range.high,
        figure.range.high_is_exclusive,
        figure.status,
    ]


def _summary(judged: Sequence[Judged], pending: int) -> str:
    """How many figures were checked, and what came out."""
    counts = Counter(figure.status for figure in judged)
    outside = sum(counts[status] for status in OUTSIDE)
    said = [f"{counts['ok']} in range", f"{outside} outside"]
    said += [f"{counts['no_target']} without a range"] if counts["no_target"] else []
    said += [f"{counts['no_data']} without a value"] if counts["no_data"] else []
    said += [f"{pending} not judged yet (incomplete or provisional)"] if pending else []
    return f"checked: {', '.join(said)}"


def _write_table(judged: Sequence[Judged], calendar: Calendar) -> None:
    """Writes figures as people read them; nothing where there is none."""
    if judged:
        columns = ["KPI", "measure", "period", "slice", "value", "healthy", "status"]
        rows = [
            (
                figure.kpi_id,
                figure.measure,
                _period(figure, calendar),
                _slice(figure) or TOTAL,
                display(figure.value, figure.unit or ""),
                figure.range.text(figure.unit),
                figure.status.replace("_", " "),
            )
            for figure in judged
        ]
        write_table("text", columns, rows)


def _junit(judged: Sequence[Judged], calendar: Calendar) -> str:
    """The figures as the test cases of a JUnit report: those outside failed, those not comparable skipped."""
    counts = Counter(figure.status for figure in judged)
    suite = ElementTree.Element(
        "testsuite",
        name="kpi check",
        tests=str(len(judged)),
        failures=str(sum(counts[status] for status in OUTSIDE)),
        errors="0",
        skipped=str(counts["no_target"] + counts["no_data"]),
    )
    for figure in judged:
        name = printable(" ".join(filter(None, (figure.measure, _slice(figure), _period(figure, calendar)))))
        case = ElementTree.SubElement(suite, "testcase", classname=figure.kpi_id, name=name)
        if figure.status in OUTSIDE:
            ElementTree.SubElement(case, "failure", type=figure.status, message=printable(_finding(figure)))
        elif figure.status != "ok":
            ElementTree.SubElement(case, "skipped", message=figure.status)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _annotation(figure: Judged, calendar: Calendar) -> str:
    """A figure as the workflow command by which GitHub annotates a run."""
    slice_text = f" ({_slice(figure)})" if _slice(figure) else ""
    title = f"{figure.kpi_id}.{figure.measure} is {figure.status}"
    text = f"{_period(figure, calendar)}{slice_text}: {_finding(figure)}"
    return f"::error title={_escaped(title, ',:')}::{_escaped(text)}\n"


def _escaped(text: str, marks: str = "") -> str:
    """A text as workflow commands need it; in a property `,` and `:` are marks, too."""
    return "".join(f"%{ord(mark):02X}" if mark in "%\r\n" or mark in marks else mark for mark in text)


def _finding(figure: Judged) -> str:
    """What is wrong with a figure."""
    healthy = figure.range.text(figure.unit)
    return f"{display(figure.value, figure.unit or '')} is too {figure.status}; healthy is {healthy}"


def _period(figure: Judged, calendar: Calendar) -> str:
    """The figure's period in its natural form; the days of one that is cut, or of no grain."""
    return period_text(figure.grain, figure.period_start, figure.period_end, calendar)


def _slice(figure: Judged) -> str:
    return "" if figure.dimension == TOTAL else f"{figure.dimension}={figure.dimension_value}"
