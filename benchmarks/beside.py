"""Times `kpi query` beside MetricFlow's `mf query`: the same metric of the same mart, whole processes, in turn.

MetricFlow runs in an environment of its own (requirements/bench.txt), on a copy of the warehouse, in a small dbt
project (metricflow/) whose one semantic model is a view over the mart of deals.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = Path(__file__).with_name("metricflow")
REQUIREMENTS = ROOT / "requirements" / "bench.txt"
ROUNDS = 7

FIRST_DAY, LAST_DAY = "2026-01-01", "2026-06-30"

#: A month, by its first day, and a team.
Key = tuple[str, str]


@dataclass(frozen=True)
class Beside:
    """Median seconds of the same question, asked as whole processes."""

    kpi: float
    mf: float


def measured(warehouse: Path, directory: Path) -> Beside:
    """Both commands on a warehouse of the demo company, which stays as it is; `directory` is to work in.

    Raises CalledProcessError where one fails, and AssertionError where they give different figures.
    """
    copy = directory / warehouse.name
    shutil.copy(warehouse, copy)
    project = directory / "metricflow"
    shutil.copytree(PROJECT, project)
    tools = _installed(directory / "environment")
    environment = os.environ | {"KPI_DUCKDB_PATH": str(copy), "DBT_PROFILES_DIR": str(project)}
    said = directory / "revenue.csv"
    kpi = [sys.executable, "-m", "kpi_runner.cli", "query", "revenue", "--grain", "month", "--by", "team"]
    kpi += ["--period", f"{FIRST_DAY}..{LAST_DAY}", "--format", "json"]
    mf = [str(tools / "mf"), "query", "--metrics", "revenue", "--group-by", "metric_time__month,deal__team"]
    mf += ["--start-time", FIRST_DAY, "--end-time", LAST_DAY, "--csv", str(said)]

    def asked(command: Sequence[str], where: Path) -> tuple[float, str]:
        started = time.perf_counter()
        done = subprocess.run(command, cwd=where, env=environment, check=True, capture_output=True, text=True)
        return time.perf_counter() - started, done.stdout

    asked([str(tools / "dbt"), "--quiet", "run"], project)
    _, answer = asked(kpi, ROOT)
    asked(mf, project)
    assert _figures_of_mf(said) == _figures_of_kpi(answer)
    rounds = [(asked(kpi, ROOT)[0], asked(mf, project)[0]) for _ in range(ROUNDS)]
    return Beside(*(statistics.median(each) for each in zip(*rounds, strict=True)))


def pinned(package: str) -> str:
    """The version of a package that MetricFlow's environment has."""
    pins = (line.partition("==") for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return next(version.split()[0] for name, _, version in pins if name == package)


def _installed(environment: Path) -> Path:
    """The directory with MetricFlow's commands, in a new environment."""
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    tools = environment / "bin"
    install = [str(tools / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS)]
    subprocess.run(install, check=True)
    return tools


def _figures_of_kpi(answer: str) -> dict[Key, Decimal]:
    rows = json.loads(answer, parse_float=Decimal, parse_int=Decimal)
    return {(row["period_start"], row["team"]): Decimal(row["value"]) for row in rows}


def _figures_of_mf(said: Path) -> dict[Key, Decimal]:
    with said.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["metric_time__month"][:10], row["deal__team"]): Decimal(row["revenue"]) for row in rows}


def lines(beside: Beside) -> list[str]:
    """The table of the page."""
    return [
        "| revenue by month and team, half a year | seconds | ratio |",
        "|---|---|---|",
        f"| mf query | {beside.mf:.2f} | 1.00 |",
        f"| kpi query | {beside.kpi:.2f} | {beside.kpi / beside.mf:.2f} |",
    ]
