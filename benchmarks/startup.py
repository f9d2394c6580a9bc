"""Times whole commands side by side: what a person waits for.

Every round runs each command once, in turn, so that a noisy moment of the machine meets all of them;
the page gives medians and ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from kpi_runner.project import find_project

ROOT = Path(__file__).resolve().parents[1]
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


def seconds(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """How long a command takes as a whole process, `environment` beside this one's. Raises CalledProcessError."""
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=os.environ | (environment or {}), check=True, capture_output=True)
    return time.perf_counter() - started


def measured() -> dict[str, float]:
    """The median seconds of every command, on the demo company, which is built first."""
    subprocess.run([*KPI, "demo"], cwd=ROOT, check=True, capture_output=True)
    for command in COMMANDS.values():
        seconds(command)
    rounds = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(ROUNDS)]
    return {name: statistics.median(each[name] for each in rounds) for name in COMMANDS}


def demo_warehouse() -> Path:
    """The warehouse that these commands build and ask."""
    return find_project(ROOT).target(None).path


def lines(medians: dict[str, float]) -> list[str]:
    """The table of the page: medians, and ratios to the baseline."""
    table = ["| command | seconds | ratio to the first |", "|---|---|---|"]
    return table + [f"| {name} | {median:.2f} | {median / medians[BASELINE]:.1f} |" for name, median in medians.items()]
