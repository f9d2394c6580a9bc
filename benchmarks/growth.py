"""Times what grows with a company and its history: runs from nothing, the run of the day after, roll-ups and answers.

    python -m benchmarks.growth

At its largest it takes hours and 100 GB of disk, so it writes its own part of README.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks import queries, rollups
from benchmarks.builds import Build, build
from benchmarks.generate import DATA_END, generate
from benchmarks.page import write_part

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


def lines(companies: Iterable[Company]) -> list[str]:
    """The tables of the part."""
    head = "| scale | from nothing, s | peak memory, MB | figures | warehouse, MB | one more day, s | day ÷ whole |"
    builds, details = [head, "|---|" + "---|" * (head.count("|") - 2)], []
    for company in companies:
        whole, day = company.whole, company.day
        builds.append(
            f"| {company.scale:g} | {whole.seconds:,.0f} | {whole.peak_memory / 1e6:,.0f} | {whole.figures:,}"
            f" | {whole.size / 1e6:,.0f} | {day.seconds:,.0f} | {day.seconds / whole.seconds:.2f} |"
        )
        if company.rolled_up:
            details += [
                "",
                f"The roll-up and SQL by hand at scale {company.scale:g}, medians of {ROUNDS} rounds in turn:",
            ]
            details += ["", *rollups.lines(company.rolled_up)]
        details += ["", f"Answers at scale {company.scale:g}, medians of {queries.ROUNDS} rounds in turn:"]
        details += ["", *queries.lines(company.answered)]
    return [ABOUT_BUILDS, "", *builds, *details]


def main() -> None:
    """Measures, and writes the part of the page."""
    write_part("As history grows", lines(map(measured, SCALES)))


if __name__ == "__main__":
    main()
