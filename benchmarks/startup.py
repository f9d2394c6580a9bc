"""Times whole commands side by side: what a person waits for. `make bench` writes the page.

Every round runs each command once, in turn, so that a noisy moment of the machine meets all of them;
the page gives medians and ratios.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "benchmarks" / "README.md"
ROUNDS = 7

KPI = [sys.executable, "-m", "kpi_runner.cli"]
BASELINE = "python, click and duckdb imported"

COMMANDS: dict[str, Sequence[str]] = {
    BASELINE: [sys.executable, "-c", "import click, duckdb"],
    "kpi list": [*KPI, "list"],
    "kpi query, one figure": [*KPI, "query", "revenue", "--period", "2026-Q2"],
    "kpi query, by month and team": [*KPI, "query", "revenue", "--period", "2026", "--grain", "month", "--by", "team"],
    "kpi query, by month and team, filtered": [
        *KPI, "query", "win_rate", "--period", "2026", "--grain", "month", "--by", "team",
        "--where", "segment = 'SMB'",
    ],
    "dbt parse, nothing changed": [
        sys.executable, "-m", "dbt.cli.main", "--quiet", "parse", "--profiles-dir", ".venv/profiles",
    ],
}  # fmt: skip


def seconds(command: Sequence[str]) -> float:
    """How long a command takes as a whole process. Raises CalledProcessError where it fails."""
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def page(medians: dict[str, float]) -> str:
    """The page: machine, versions, medians and ratios to the baseline."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dbt-core", "click"))
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench`: medians of {ROUNDS} rounds on the demo company, whole processes, side by side.",
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {versions}.",
        "",
        "| command | seconds | ratio to the first |",
        "|---|---|---|",
    ]
    for name, median in medians.items():
        lines.append(f"| {name} | {median:.2f} | {median / medians[BASELINE]:.1f} |")
    lines += ["", "A query never starts dbt: it renders the roll-up itself and reads what the last run left.", ""]
    return "\n".join(lines)


def main() -> None:
    """Builds the demo, times every command in turn, and writes the page."""
    subprocess.run([*KPI, "demo"], cwd=ROOT, check=True, capture_output=True)
    for command in COMMANDS.values():
        seconds(command)
    rounds = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(each[name] for each in rounds) for name in COMMANDS}
    PAGE.write_text(page(medians), encoding="utf-8")
    sys.stdout.write(page(medians))


if __name__ == "__main__":
    main()
