"""Measures everything that benchmarks/README.md shows, and writes it: `make bench`, some ten minutes."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks import beside, builds, queries, rollups, startup
from benchmarks.generate import generate

PAGE = Path(__file__).with_name("README.md")
SCALE = 1

#: The parts at the page's end that take hours, and are written by others: what writes each.
LONG_PARTS = {"As history grows": "benchmarks.growth", "On other engines": "benchmarks.engines"}


def parts(text: str) -> dict[str, str]:
    """The parts of a page by their titles, each with its title; what stands before them has none."""
    found = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return {part.partition("\n")[0].removeprefix("## ") if part.startswith("## ") else "": part for part in found}


def write_part(title: str, lines: Sequence[str]) -> None:
    """Writes one of the long parts of the page in its place, and prints the page."""
    written = parts(PAGE.read_text(encoding="utf-8"))
    written[title] = "\n".join((f"## {title}", "", f"Written by `python -m {LONG_PARTS[title]}`.", "", *lines, ""))
    write_page("".join(part for name, part in written.items() if name not in LONG_PARTS), written)


def write_page(first: str, written: Mapping[str, str]) -> None:
    """Writes the page, and prints it: what comes first, and of what was written the long parts, in their order."""
    last = [written[name] for name in LONG_PARTS if name in written]
    whole = "\n\n".join(part.rstrip("\n") for part in (first, *last)) + "\n"
    PAGE.write_text(whole, encoding="utf-8")
    sys.stdout.write(whole)


def page(commands: list[str], mf: list[str], runs: list[str], figures: list[str], answers: list[str]) -> str:
    """The page, from the tables of its sections."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dbt-core", "click"))
    return "\n".join(
        (
            "# Benchmarks",
            "",
            f"Written by `make bench`. {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()},"
            f" {versions}.",
            "",
            "## What a person waits for",
            "",
            f"Medians of {startup.ROUNDS} rounds on the demo company, whole processes, side by side.",
            "",
            *commands,
            "",
            "A query never starts dbt: it takes what the last run built, or renders the roll-up itself.",
            "",
            "## Beside MetricFlow",
            "",
            f"The same metric of the same mart, medians of {beside.ROUNDS} rounds of whole processes; both give"
            f" the same figures. dbt-metricflow {beside.pinned('dbt-metricflow')}.",
            "",
            *mf,
            "",
            f"## A run at scale {SCALE}",
            "",
            "All KPIs from Parquet, of 10,000 deals, 500,000 sessions and 600,000 pixel events over three years"
            " (`python -m benchmarks.generate`). One run each.",
            "",
            *runs,
            "",
            f"## The roll-up, and by hand, at scale {SCALE}",
            "",
            f"A dozen KPIs of every basis, all grains and slices of the default grid. In one process, medians of"
            f" {rollups.ROUNDS} rounds in turn. By hand is DuckDB SQL over the marts for that one KPI"
            " ([by_hand](by_hand)), which gives the same figures: counts and decimals exactly, values to nine digits."
            " A model keeps its rows beside its figures; queries and drills are answered from them.",
            "",
            *figures,
            "",
            f"## Answers at scale {SCALE}",
            "",
            f"In one process, warm, {queries.ROUNDS} rounds in turn; all ways give the same figures. By hand is SQL"
            " written over the marts for that one question: it knows no periods without rows, no row counts,"
            " and not what is complete.",
            "",
            *answers,
            "",
        )
    )


def main() -> None:
    """Measures, writes the page, and prints it."""
    # Where this is set, each command compiles the modules of the project anew, which no installed program does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    commands = startup.lines(startup.measured())
    with tempfile.TemporaryDirectory() as directory:
        mf = beside.lines(beside.measured(startup.demo_warehouse(), Path(directory)))
        company, warehouse = Path(directory) / "company", Path(directory) / "kpi.duckdb"
        generate(SCALE, company)
        runs = builds.lines(builds.measured(company, warehouse))
        figures = rollups.lines(rollups.measured(warehouse))
        answers = queries.lines(queries.measured(warehouse))
    write_page(page(commands, mf, runs, figures, answers), parts(PAGE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
