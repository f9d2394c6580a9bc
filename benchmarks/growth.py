"""Times what grows with a company and its history: a run from nothing, and the run of the day after.

    python -m benchmarks.growth

At its largest it takes hours and 100 GB of disk, so it writes its own part of README.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from benchmarks.builds import Build, build
from benchmarks.generate import DATA_END, generate
from benchmarks.page import write_part

SCALES = (1.0, 10.0, 100.0)

ABOUT = """\
All KPIs, the default grid. A run from nothing on the files as they were a day before the end, then one on those of the
last day into the same warehouse, which takes over what nothing has changed. One run each."""


def measured(scale: float) -> tuple[Build, Build]:
    """A run from nothing, and that of the day after."""
    with tempfile.TemporaryDirectory() as directory:
        data, warehouse = Path(directory) / "company", Path(directory) / "kpi.duckdb"
        day_before = DATA_END - timedelta(days=1)
        generate(scale, data, day_before)
        whole = build(data, warehouse, as_of=(day_before - timedelta(days=1)).date().isoformat())
        sys.stderr.write(f"scale {scale:g}: {whole}\n")
        generate(scale, data)
        return whole, build(data, warehouse)


def lines(found: Mapping[float, tuple[Build, Build]]) -> list[str]:
    """The table of the part."""
    head = (
        "| scale | from nothing, seconds | peak memory, MB | figures | warehouse, MB | one more day, seconds | ratio |"
    )
    return [
        head,
        "|---|" + "---|" * (head.count("|") - 2),
        *(
            f"| {scale:g} | {whole.seconds:,.0f} | {whole.peak_memory / 1e6:,.0f} | {whole.figures:,}"
            f" | {whole.size / 1e6:,.0f} | {day.seconds:,.0f} | {day.seconds / whole.seconds:.2f} |"
            for scale, (whole, day) in found.items()
        ),
    ]


def main() -> None:
    """Measures, and writes the part of the page."""
    write_part("As history grows", [*ABOUT.splitlines(), "", *lines({scale: measured(scale) for scale in SCALES})])


if __name__ == "__main__":
    main()
