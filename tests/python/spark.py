"""A standalone Spark cluster for tests: a master and two workers on loopback, in a directory of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from kpi_runner.spark import Session
from tests.python.conftest import FIGURE_COLUMNS, Result, called

#: Runs SQL on a warehouse of the profile's kind, without the cluster, which would take longer to ask.
SESSION = """
import sys
from pyspark.sql import SparkSession
where, *statements = sys.argv[1:]
session = (
    SparkSession.builder.enableHiveSupport()
    .config("spark.master", "local[1]")
    .config("spark.sql.warehouse.dir", where)
    .config("spark.hadoop.javax.jdo.option.ConnectionURL", f"jdbc:derby:{where}/metastore;create=true")
    .getOrCreate()
)
for statement in statements:
    session.sql(statement)
session.stop()
"""

#: What small tables are built quickest with: their plans are not made anew in between, and nobody looks on.
DEFAULTS = """
spark.sql.adaptive.enabled false
spark.ui.enabled false
spark.ui.showConsoleProgress false
spark.log.level ERROR
"""

#: Nor are Java classes written for them, which takes longer than to do without.
INTERPRETED = """
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
"""

#: Nor does Java think long about code that soon has done its work.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

#: How long a process of the cluster may take to start, in seconds.
PATIENCE = 60


def home() -> Path | None:
    """The installed pyspark package, which has all of Spark; none where it is not installed."""
    found = find_spec("pyspark")
    return Path(found.origin).parent if found and found.origin else None


def lacking() -> str | None:
    """What of Spark this machine has not, in words; none where it can run."""
    if home() is None:
        return "pyspark is not installed (requirements/spark.txt)"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "no Java is found (Debian: default-jre-headless)"
    return None


@dataclass
class Cluster:
    """A running cluster."""

    directory: Path
    url: str
    java: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def log(self, name: str) -> str:
        """What a process has logged: master, worker_1 or worker_2."""
        return (self.directory / f"{name}.log").read_text(encoding="utf-8")

    def executors(self) -> list[str]:
        """The workers that the master has launched executors on, by its log, in their order; dead ones, too."""
        return re.findall(r"Launching executor app-\S+ on worker (worker-\S+)", self.log("master"))

    def environment(self, name: str) -> dict[str, str]:
        """The variables from which profiles.yml.example takes where a warehouse of that name is."""
        (self.directory / name).mkdir(exist_ok=True)
        return {
            "KPI_SPARK_MASTER": self.url,
            "KPI_SPARK_WAREHOUSE": str(self.directory / name),
            "KPI_WAREHOUSE_DIR": str(self.directory / f"beside_{name}"),
            "DBT_PROFILES_DIR": str(self.directory / "no_profiles"),
            "DBT_TARGET": "spark",
            "SPARK_LOCAL_DIRS": str(self.directory / "scratch"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_CONF_DIR": str(self.directory / "conf"),
            "JAVA_TOOL_OPTIONS": self.java,
        }

    def call(self, name: str, *arguments: str) -> Result:
        """A command in this process on a warehouse of that name."""
        return called(self.environment(name), *arguments)

    def execute(self, name: str, *statements: str) -> None:
        """Statements on a warehouse, in a process of its own that leaves it again: one at a time may have it open."""
        where = self.environment(name)["KPI_SPARK_WAREHOUSE"]
        done = subprocess.run(
            [sys.executable, "-c", SESSION, where, *statements],
            cwd=self.directory, env=os.environ | self.environment(name), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def load(self, name: str, schema: str, files: Mapping[str, Path]) -> None:
        """Each CSV file as a table of texts in a schema, which lies where the file does: docs/spark.md."""
        options = "header 'true', quote '\"', escape '\"', multiLine 'true'"
        tables = [
            f"create table {schema}.{table} using csv options (path '{file}', {options})"
            for table, file in files.items()
        ]
        self.execute(name, f"create schema {schema}", *tables)

    def figures(self, name: str, file: Path, schema: str = "kpi") -> Path:
        """The figures in a schema of a warehouse that were asked for, written to a CSV file with a header."""
        parts = self.directory / name / f"{schema}.db" / "kpi_figures" / "*" / "*.parquet"
        duckdb.execute(
            f"copy (select {FIGURE_COLUMNS} from read_parquet('{parts}', hive_partitioning = true) where is_asked)"
            f" to '{file}' (format csv, header)"
        )
        return file

    def kill_worker(self, number: int) -> None:
        """Kills a worker and its executors as a machine that goes dark does."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait()


@contextmanager
def one_session() -> Iterator[Callable[[str], object]]:
    """Commands of this process in the block share a session: starting one takes longer than most commands do.

    Yields what runs a statement in it, once a command has started it.
    """
    opened: list[Session] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "close", lambda session: opened.append(session))
        try:
            yield lambda statement: opened[-1].rows(statement)
        finally:
            patch.undo()
            for session in opened[-1:]:
                session.close()


@contextmanager
def cluster(workers: int = 2, defaults: str = DEFAULTS + INTERPRETED, java: str = JAVA) -> Iterator[Cluster]:
    """A new cluster, each worker of one core, with these lines in spark-defaults.conf and options for Java."""
    lacks = lacking()
    assert lacks is None, lacks
    directory = Path(tempfile.mkdtemp(prefix="spark_"))
    started: list[subprocess.Popen[bytes]] = []
    try:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        running = Cluster(directory, f"spark://127.0.0.1:{port}", java)
        (directory / "conf").mkdir()
        (directory / "conf" / "spark-defaults.conf").write_text(defaults, encoding="utf-8")
        master = ("master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
        started.append(_started(running, "master", *master))
        _await(running, "master", "I have been elected leader", started[-1])
        for number in range(1, workers + 1):
            place = directory / f"worker_{number}"
            options = ("--host", "127.0.0.1", "-c", "1", "-m", "2g", "--webui-port", "0", "-d", str(place))
            running.workers.append(_started(running, f"worker_{number}", "worker.Worker", *options, running.url))
            started.append(running.workers[-1])
        for number in range(1, workers + 1):
            _await(running, f"worker_{number}", "Successfully registered with master", running.workers[number - 1])
        yield running
    finally:
        for process in reversed(started):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def _started(running: Cluster, name: str, main: str, *options: str) -> subprocess.Popen[bytes]:
    """A process of the cluster, in a group of its own, so that executors end with their worker."""
    spark, directory = home(), running.directory
    assert spark is not None
    environment = {
        **os.environ,
        "SPARK_HOME": str(spark),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(directory / "scratch"),
        "SPARK_DAEMON_MEMORY": "256m",
        "PYSPARK_PYTHON": sys.executable,
        "JAVA_TOOL_OPTIONS": running.java,
    }
    with (directory / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [spark / "bin" / "spark-class", f"org.apache.spark.deploy.{main}", *options],
            cwd=directory, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _await(running: Cluster, name: str, line: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when a process has logged a line."""
    deadline = time.monotonic() + PATIENCE
    while line not in running.log(name):
        assert process.poll() is None, running.log(name)
        assert time.monotonic() < deadline, running.log(name)
        time.sleep(0.1)
