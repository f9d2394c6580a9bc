"""Times a run on every engine: DuckDB, PostgreSQL, and Spark with one worker and with two.

    python -m benchmarks.engines

It takes hours, and servers that `make bench` does not ask for, so it writes its own part of README.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from benchmarks import startup
from benchmarks.generate import generate, last_day
from benchmarks.page import write_part
from tests.python.postgres import server
from tests.python.spark import cluster

SCALES = (0.1, 1, 10)

#: What is built first, and not told: dbt reads the project then, and has it read for the runs that follow.
WARM_UP = 0.01

#: Events of deals, states of them, a join of three large entities, and subjects: what is built, with what it reads.
KPIS = ("win_rate", "open_pipeline", "session_value", "visitor_to_lead_rate")

ABOUT = (
    f"Whole runs from Parquet of {', '.join(KPIS)}, files loaded and marts built with them; in seconds, and in brackets"
    " as a ratio to DuckDB. One run each, after one that has dbt read the project. All on one machine of"
    f" {os.cpu_count()} cores, which Spark's driver, master and workers (of one core each) share; PostgreSQL without"
    " `fsync`, otherwise as it comes."
)

#: Sizes of clusters to reckon with.
WORKERS = (2, 4, 8, 16, 32)

ABOUT_SPARK = (
    "What a run on Spark takes whatever the size is spent in the driver, which plans the statements of every model;"
    " what grows with the data is the workers', and shared out: by two as well as they can on cores that they share"
    " with each other and the driver. Were it shared out evenly over workers with cores of their own, which is the most"
    " that can be, Spark would be quicker than DuckDB on the two cores of this machine from these scales on. Below"
    " them, and wherever one machine holds the data, DuckDB is the better choice; Spark is, where the data lies there"
    " already or is more than one machine takes."
)

Environment = Mapping[str, str]


@contextmanager
def on_duckdb(directory: Path) -> Iterator[Environment]:
    """A file."""
    yield {"KPI_DUCKDB_PATH": str(directory / "kpi.duckdb")}


@contextmanager
def on_postgres(_: Path) -> Iterator[Environment]:
    """A server of its own, as the tests start it."""
    with server() as running:
        yield running.created("company").environment()


@contextmanager
def _on_spark(workers: int, _: Path) -> Iterator[Environment]:
    """A cluster of its own, but with Spark's own defaults: the tests' are for tables of a few rows."""
    with cluster(workers, defaults="", java="") as running:
        yield running.environment("company")


#: By what the page calls it.
ENGINES: dict[str, Callable[[Path], AbstractContextManager[Environment]]] = {
    "DuckDB": on_duckdb,
    "PostgreSQL": on_postgres,
    "Spark, 1 worker": partial(_on_spark, 1),
    "Spark, 2 workers": partial(_on_spark, 2),
}


def seconds(data: Path, environment: Environment) -> float:
    """How long a run of the KPIs takes as a whole process, the loading of the files with it."""
    run = ["run", "--data", str(data), "--as-of", last_day(), "--select", ",".join(KPIS)]
    return startup.seconds([*startup.KPI, *run], environment)


def measured(scales: Sequence[float]) -> dict[str, list[float]]:
    """The seconds of one run from nothing on every engine, in the order of the scales."""
    found: dict[str, list[float]] = {name: [] for name in ENGINES}
    for scale in scales:
        with tempfile.TemporaryDirectory() as directory:
            company = Path(directory) / "company"
            generate(scale, company)
            for name, engine in ENGINES.items():
                with engine(Path(directory)) as environment:
                    found[name].append(seconds(company, environment))
                sys.stderr.write(f"scale {scale:g}: {name}: {found[name][-1]:.0f} s\n")
    return found


def lines(scales: Sequence[float], found: Mapping[str, Sequence[float]]) -> list[str]:
    """The table of the page: seconds, and in brackets the ratio to DuckDB."""
    head = "".join(f" scale {scale:g} |" for scale in scales)
    table = [f"| engine |{head} whatever the size | a scale more |", "|---|" + "---|" * (len(scales) + 2)]
    for name, times in found.items():
        cells = [f"{own:.0f} ({own / base:.1f})" for own, base in zip(times, found["DuckDB"], strict=True)]
        fixed, slope = line(scales, times)
        table.append(f"| {name} | {' | '.join(cells)} | {fixed:.0f} | {slope:.1f} |")
    return table


def line(scales: Sequence[float], times: Sequence[float]) -> tuple[float, float]:
    """The seconds of a run whatever its size, and those that a scale more adds: a line through the last two scales."""
    slope = (times[-1] - times[-2]) / (scales[-1] - scales[-2])
    return times[-1] - slope * scales[-1], slope


def where_spark_pays(scales: Sequence[float], found: Mapping[str, Sequence[float]]) -> list[str]:
    """From which scale on Spark is quicker than DuckDB, by how many workers share the work out evenly."""
    fixed_here, slope_here = line(scales, found["DuckDB"])
    fixed, slope = line(scales, found["Spark, 1 worker"])
    table = ["| workers of one core | a scale more, seconds | quicker than DuckDB from scale |", "|---|---|---|"]
    for workers in WORKERS:
        gain = slope_here - slope / workers
        start = f"{(fixed - fixed_here) / gain:.0f}" if gain > 0 else "none"
        table.append(f"| {workers} | {slope / workers:.1f} | {start} |")
    return table


def main() -> None:
    """Measures, and writes the part of the page."""
    measured([WARM_UP])
    found = measured(SCALES)
    tables = [*lines(SCALES, found), "", ABOUT_SPARK, "", *where_spark_pays(SCALES, found)]
    write_part("On other engines", [ABOUT, "", *tables])


if __name__ == "__main__":
    main()
