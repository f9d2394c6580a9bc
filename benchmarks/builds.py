"""Times whole runs on a made-up company: in seconds, memory and figures, and what the grid costs of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.generate import DATA_END, last_day
from kpi_runner.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[1]

#: A name for each grid that is built, and the options that ask for it; queries are asked of the last one.
GRIDS: dict[str, Sequence[str]] = {
    "every slice of every grain": ("--set", "grid={}"),
    "days as totals (the default)": (),
}


@dataclass(frozen=True)
class Build:
    """A run: wall-clock seconds, bytes of memory of its largest process, figures, bytes of the warehouse."""

    seconds: float
    peak_memory: int
    figures: int
    size: int


def measured(data: Path, warehouse: Path) -> dict[str, Build]:
    """Runs of all KPIs on a company's files, one for each grid, into the same warehouse."""
    return {grid: build(data, warehouse, *options) for grid, options in GRIDS.items()}


def build(data: Path, warehouse: Path, *options: str, until: datetime = DATA_END) -> Build:
    """A run of all KPIs on a company's files, whose rows are from before `until`, as a process of its own."""
    command = [sys.executable, "-m", "kpi_runner.cli", "run", "--data", str(data), "--as-of", last_day(until), *options]
    environment = os.environ | {"KPI_DUCKDB_PATH": str(warehouse)}
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, _memory_of_children(process.pid))
            time.sleep(0.2)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    seconds = time.perf_counter() - started
    with Warehouse(warehouse) as opened:
        ((figures,),) = opened.rows("select count(*) from kpi_figures")
    return Build(seconds, peak, figures, warehouse.stat().st_size)


def _memory_of_children(parent: int) -> int:
    """The largest resident memory that a child of a process has had so far, in bytes; 0 where it has none now."""
    largest = 0
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            for child in children.read_text(encoding="ascii").split():
                status = Path(f"/proc/{child}/status").read_text(encoding="ascii", errors="replace")
                kilobytes = status.partition("VmHWM:")[2].split()
                largest = max(largest, int(kilobytes[0]) * 1024 if kilobytes else 0)
        except OSError:
            continue  # It has ended between the two looks.
    return largest


def lines(builds: Mapping[str, Build]) -> list[str]:
    """The table of the page."""
    table = ["| grid | seconds | peak memory, MB | figures | warehouse, MB |", "|---|---|---|---|---|"]
    return table + [
        f"| {grid} | {found.seconds:.0f} | {found.peak_memory / 1e6:,.0f} | {found.figures:,}"
        f" | {found.size / 1e6:,.0f} |"
        for grid, found in builds.items()
    ]
