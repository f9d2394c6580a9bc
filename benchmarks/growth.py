"""Times what grows with a company and its history: runs from nothing, the run of the day after, roll-ups and answers.

    python -m benchmarks.growth [SCALE ...]

At scale 100 it takes hours and 100 GB of disk, so each scale is measured for itself, and writes its own section of
README.md; without a scale, all three are.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks import queries, rollups
from benchmarks.builds import Build, build
from benchmarks.generate import DATA_END, generate
from benchmarks.page import PAGE, parts, write_part

PART = "As history grows"

SCALES = (1.0, 10.0, 100.0)

#: Where the roll-up is measured beside SQL by hand, and how often.
ROLLED_UP_AT, ROUNDS = 10.0, 5

ABOUT_BUILDS = (
    "All KPIs, the default grid. A run from nothing on the files as they were a day before the end, then one on those"
    " of the last day into the same warehouse, which takes over what nothing has changed. One run each."
)


@dataclass(frozen=True)
class Company:
    """What was measured on a company: two runs, and in the warehouse that they left roll-ups and answers."""

    scale: float
    whole: Build
    day: Build
    rolled_up: list[rollups.Times]
    answered: list[queries.Times]


def measured(scale: float) -> Company:
    """Builds a company from nothing, and once more a day later; then asks."""
    with tempfile.TemporaryDirectory() as directory:
        data, warehouse = Path(directory) / "company", Path(directory) / "kpi.duckdb"
        day_before = DATA_END - timedelta(days=1)
        generate(scale, data, day_before)
        whole = build(data, warehouse, until=day_before)
        sys.stderr.write(f"scale {scale:g}, from nothing: {whole}\n")
        generate(scale, data)
        day = build(data, warehouse)
        sys.stderr.write(f"scale {scale:g}, a day more: {day}\n")
        rolled_up = rollups.measured(warehouse, rounds=ROUNDS) if scale == ROLLED_UP_AT else []
        return Company(scale, whole, day, rolled_up, queries.measured(warehouse))


def lines(company: Company) -> list[str]:
    """The tables of a scale's section."""
    section = ["| run | seconds | ratio | peak memory, MB | figures | warehouse, MB |", "|---|---|---|---|---|---|"]
    for name, run in (("from nothing", company.whole), ("one more day", company.day)):
        section.append(
            f"| {name} | {run.seconds:,.0f} | {run.seconds / company.whole.seconds:.2f} | {run.peak_memory / 1e6:,.0f}"
            f" | {run.figures:,} | {run.size / 1e6:,.0f} |"
        )
    if company.rolled_up:
        section += ["", f"The roll-up and SQL by hand, medians of {ROUNDS} rounds in turn:"]
        section += ["", *rollups.lines(company.rolled_up)]
    section += ["", f"Answers, medians of {queries.ROUNDS} rounds in turn:", "", *queries.lines(company.answered)]
    return section


def write_section(scale: float, section: list[str]) -> None:
    """Writes the section of a scale, and leaves those of others as they are."""
    part = parts(PAGE.read_text(encoding="utf-8")).get(PART, "")
    kept = re.findall(r"^### Scale (\S+)\n\n(.*?)\s*(?=^### |\Z)", part, flags=re.MULTILINE | re.DOTALL)
    sections = {float(name): text for name, text in kept} | {scale: "\n".join(section)}
    whole = [ABOUT_BUILDS]
    for each in sorted(sections):
        whole += ["", f"### Scale {each:g}", "", sections[each]]
    write_part(PART, whole)


def main() -> None:
    """Measures, and writes a section as soon as it can."""
    for scale in map(float, sys.argv[1:] or SCALES):
        write_section(scale, lines(measured(scale)))


if __name__ == "__main__":
    main()
