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
from benchmarks.generate import generate
from benchmarks.page import write_part
from tests.python.postgres import server
from tests.python.spark import cluster

SCALES = (0.1, 1, 10)

#: What is built first, and not told: dbt reads the project then, and has it read for the runs that follow.
WARM_UP = 0.01

#: Events of deals, states of them, a join of three large entities, and subjects: what is built, with what it reads.
KPIS = ("win_rate", "open_pipeline", "session_value", "visitor_to_lead_rate")

ABOUT = f"""\
Whole runs from Parquet of {", ".join(KPIS)}, files loaded and marts built with them; in seconds, and in brackets as a
ratio to DuckDB. One run each, after one that has dbt read the project. All on one machine of {os.cpu_count()} cores,
which Spark's driver, master and workers (of one core each) share; PostgreSQL without `fsync`, otherwise as it comes."""

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
    run = ["run", "--data", str(data), "--as-of", "2025-12-31", "--select", ",".join(KPIS)]
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
    table = [f"| engine |{head} a scale more, from the last two |", "|---|" + "---|" * (len(scales) + 1)]
    for name, times in found.items():
        cells = [f"{own:.0f} ({own / base:.1f})" for own, base in zip(times, found["DuckDB"], strict=True)]
        slope = (times[-1] - times[-2]) / (scales[-1] - scales[-2])
        table.append(f"| {name} | {' | '.join(cells)} | {slope:.1f} |")
    return table


def main() -> None:
    """Measures, and writes the part of the page."""
    measured([WARM_UP])
    write_part("On other engines", [*ABOUT.splitlines(), "", *lines(SCALES, measured(SCALES))])


if __name__ == "__main__":
    main()
