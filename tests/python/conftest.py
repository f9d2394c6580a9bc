"""What the tests of the command share: runs of `kpi`, warehouses built once, a small company.

A build takes some ten seconds, so each warehouse is built once per test session, whichever worker
needs it first; a lock file makes the other workers wait for it.
"""

from __future__ import annotations

import csv
import fcntl
import gc
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import settings

from kpi_runner.cli import main
from tests.python.harness import WHERE_READ, run_dbt
from tests.python.reference.company import Company, Row, write_company

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

# Tests that run in the background ignore Ctrl-C, and so would the commands that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, so that a commit is not held up by what another has brought; KPI_EXAMPLES, which
# `make test-deep` sets, looks for new ones.
settings.register_profile("repeatable", derandomize="KPI_EXAMPLES" not in os.environ, database=None)
settings.load_profile("repeatable")

# A company has a hundred thousand figures, and Python would look through all of them for cycles as often as they grow.
gc.set_threshold(1_000_000)

ROOT = Path(__file__).resolve().parents[2]

#: Every source system that has staging models.
SYSTEMS = sorted(path.name for path in (ROOT / "models" / "staging").iterdir() if path.is_dir())

#: What the small company is looked at as of.
AS_OF = "2026-06-30"

FIGURE_COLUMNS = (
    "kpi_id, measure, grain, period_start, period_end, dimension, dimension_value,"
    " numerator, denominator, value, row_count, is_complete, is_provisional"
)

#: Won: d1 by Ann, d2 in EUR by Bob, d6 by Ann the year before. Lost: d3. Open: d4, worth its list
#: price, and d5.
SMALL_COMPANY = {
    "reps": """
        rep_id,rep_name,team,region
        r1,Ann,north,EMEA
        r2,Bob,south,APAC
    """,
    "accounts": """
        account_id,account_name,segment
        a1,Acme,SMB
        a2,Best,Enterprise
        a3,Core,
    """,
    "products": """
        product_id,product_name,list_price,currency
        p1,Pump,250,USD
        p2,Pipe,40,
    """,
    "stages": """
        pipeline,stage,position,probability,outcome,is_qualified
        default,Lead,1,0.1,open,false
        default,Offer,2,0.5,open,true
        default,Won,3,1,won,true
        default,Lost,4,0,lost,false
    """,
    "deals": """
        deal_id,created_at,stage,outcome,rep_id,account_id,product_id,channel,amount,currency,closed_at
        d1,2026-01-10,Won,won,r1,a1,p1,event,1000,,2026-02-09
        d2,2026-02-01T10:00:00Z,Won,won,r2,a2,p2,partner,500,EUR,2026-03-31T23:30:00Z
        d3,2026-02-20,Lost,lost,r1,a2,p1,event,700,,2026-05-04T09:00:00Z
        d4,2026-05-20,Offer,open,r2,a3,p1,event,,,
        d5,2026-06-15T08:00:00Z,Lead,open,r1,a1,,,90,,
        d6,2025-11-03,Won,won,r1,a1,p2,partner,300,,2025-12-30
    """,
    "deal_stage_changes": """
        deal_id,stage,entered_at
        d1,Lead,2026-01-10
        d1,Won,2026-02-09
        d2,Lead,2026-02-01T10:00:00Z
        d2,Offer,2026-02-20T10:00:00Z
        d2,Won,2026-03-31T23:30:00Z
        d3,Lead,2026-02-20
        d3,Lost,2026-05-04T09:00:00Z
        d4,Lead,2026-05-20
        d4,Offer,2026-06-01
        d5,Lead,2026-06-15T08:00:00Z
        d6,Lead,2025-11-03
        d6,Won,2025-12-30
    """,
    "quotas": """
        rep_id,month,kind,target
        r1,2026-02,revenue,900
        r2,2026-02,revenue,900
        r2,2026-03,revenue,500
    """,
    "exchange_rates": """
        currency,valid_from,rate
        EUR,2025-01-01,1.2
    """,
}


#: Files whose tests are long, and build what they need themselves: any worker may run any of them.
SPREAD = ("test_reference.py", "test_compare_reference.py", "test_without_an_entity.py", "test_kept_figures.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Keeps the tests of every other file on one worker, so that no two build, or wait for, the same fixtures."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return nodeid if file.endswith(SPREAD) else file

    return ByFile(config, log)


@dataclass(frozen=True)
class Result:
    """What a command gave back; `data` is stdout as bytes, of a command in this process."""

    exit_code: int
    stdout: str
    stderr: str
    data: bytes = b""


def called(environment: Mapping[str, str], *arguments: str) -> Result:
    """A command in this process, with these variables beside those of the tests."""
    done = CliRunner(env=environment).invoke(main, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    data = done.stdout_bytes
    return Result(done.exit_code, data.decode("utf-8", "replace"), done.stderr, data)


@dataclass(frozen=True)
class Warehouse:
    """A place where a warehouse is, or will be built: a directory of its own."""

    directory: Path

    @property
    def path(self) -> Path:
        return self.directory / "kpi.duckdb"

    def environment(self) -> dict[str, str]:
        """Makes the project's own profile build here, whatever the machine has set."""
        profiles = self.directory / "no_profiles"
        profiles.mkdir(parents=True, exist_ok=True)
        return {
            "KPI_DUCKDB_PATH": str(self.path),
            "DBT_PROFILES_DIR": str(profiles),
            "DBT_TARGET": "duckdb",
        }

    def run(self, *arguments: str) -> Result:
        """A command in a process of its own, as a shell starts it."""
        done = subprocess.run(
            [sys.executable, "-m", "kpi_runner.cli", *arguments],
            cwd=ROOT,
            env=os.environ | self.environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def call(self, *arguments: str) -> Result:
        """A command in this process: quick, for those that only read what was built."""
        return called(self.environment(), *arguments)

    def query(self, *arguments: str) -> list[dict[str, Any]]:
        """The figures that `kpi query … --format json` gives."""
        result = self.call("query", *arguments, "--format", "json")
        assert result.exit_code == 0, result.stderr
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found

    def refused(self, *arguments: str) -> str:
        """What `kpi query` says when the data refuses (exit 3)."""
        result = self.call("query", *arguments)
        assert (result.exit_code, result.stdout) == (3, "")
        return result.stderr

    def catalog(self) -> dict[str, dict[str, Any]]:
        """What `kpi list --format json` gives, by KPI."""
        result = self.call("list", "--format", "json")
        assert result.exit_code == 0, result.stderr
        return {entry["kpi_id"]: entry for entry in json.loads(result.stdout)}

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What the warehouse itself holds."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(sql, parameters).fetchall()

    def other_figures(self, other: Warehouse, kpis: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """The rows of kpi_values, of some KPIs or of all, that just one of two warehouses has; a few of each."""
        with tempfile.TemporaryDirectory() as directory:
            file = f"{directory}/figures.parquet"
            of_kpis = f" where kpi_id in {(*kpis, '')}" if kpis else ""
            figures = f"select {FIGURE_COLUMNS} from kpi_values{of_kpis}"
            other.rows(f"copy ({figures}) to '{file}' (format parquet)")
            return self.rows(
                f"(select 'here', * from ({figures} except all from '{file}') limit 5) union all"
                f" (select 'there', * from (from '{file}' except all {figures}) limit 5)"
            )


@dataclass(frozen=True)
class Built:
    """A warehouse that a command has built, and what the command said."""

    warehouse: Warehouse
    result: Result


class Builder:
    """Builds each named warehouse once per session, across workers."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, name: str, *arguments: str) -> Built:
        """The warehouse of that name, built by `kpi <arguments>` unless it was already."""
        warehouse = Warehouse(self.root / name / "warehouse")
        said = self.root / name / "result.json"
        with self.locked(name):
            if not said.exists():
                result = warehouse.run(*arguments)
                said.write_text(json.dumps([result.exit_code, result.stdout, result.stderr]), encoding="utf-8")
        result = Result(*json.loads(said.read_text(encoding="utf-8")))
        assert result.exit_code == 0, result.stderr
        return Built(warehouse, result)

    def folder(self, name: str, company: Mapping[str, list[Row]], *arguments: str, settings: str = "") -> Built:
        """The warehouse of a company's files, as of AS_OF unless the arguments say otherwise."""
        directory = self.root / name / "data"
        with self.locked(f"{name}_files"):
            if not directory.exists():
                write_company(company, directory)
                if settings:
                    (directory / "settings.yml").write_text(settings, encoding="utf-8")
        when = () if "--as-of" in arguments else ("--as-of", AS_OF)
        return self.run(name, "run", "--data", str(directory), *when, *arguments)

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Holds the lock of that name against other workers."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / f"{name}.lock").open("w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@pytest.fixture(scope="session", autouse=True)
def _read_once(builder: Builder) -> None:
    """What dbt has read of the project is kept beside the warehouses."""
    os.environ[WHERE_READ] = str(builder.root / "read")


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """The builder of this session; all workers share its directory."""
    base = tmp_path_factory.getbasetemp()
    return Builder((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "warehouses")


@pytest.fixture(scope="session")
def manifest(builder: Builder) -> dict[str, Any]:
    """dbt's manifest, with every source system in use."""
    file = builder.root / "parsed" / "target" / "manifest.json"
    with builder.locked("parsed"):
        if not file.exists():
            run_dbt("parse", {"source_systems": SYSTEMS}, builder.root / "parsed")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert found["disabled"] == {}
    return found


@pytest.fixture(scope="session")
def demo(builder: Builder) -> Built:
    """The demo company, built by `kpi demo`."""
    return builder.run("demo", "demo")


@pytest.fixture(scope="session")
def small(builder: Builder) -> Built:
    """The small company, built from its folder; the run's summary is JSON."""
    return builder.folder("small", small_company(), "--format", "json")


def small_company() -> Company:
    """The small company's rows; an empty cell is null."""
    return {entity: parsed(text) for entity, text in SMALL_COMPANY.items()}


def parsed(text: str) -> list[Row]:
    """The rows of a CSV text; an empty cell is null."""
    return [
        {name: value or None for name, value in row.items()}
        for row in csv.DictReader(io.StringIO(dedent(text).strip()))
    ]


def records(text: str) -> list[dict[str, str]]:
    """The rows of a CSV text as it stands."""
    return list(csv.DictReader(io.StringIO(text)))


def as_text(value: object) -> str:
    """A value as CSV has it; numbers without trailing zeros."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | Decimal):
        text = format(Decimal(repr(value)) if isinstance(value, float) else value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)
