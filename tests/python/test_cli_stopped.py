"""Runs that are stopped, and what they leave: no dbt at work, no half of a warehouse, no file in the next one's way."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from kpi_runner.errors import DataError
from kpi_runner.workplace import take_place
from tests.python.conftest import AS_OF, ROOT, Built, Warehouse, small_company
from tests.python.reference.company import write_company

#: Stands for dbt where a run is to last: says that it runs, and does not end with its parent.
SLOW_DBT = """
import os, pathlib, time
pathlib.Path({said!r}).write_text(str(os.getpid()))
time.sleep(60)
"""

#: Runs `kpi` with another program in dbt's stead.
KPI = """
import pathlib, sys
import kpi_runner.build
kpi_runner.build.CHILD = pathlib.Path(sys.argv.pop(1))
from kpi_runner.cli import main
main()
"""


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Waits until the condition holds; fails after half a minute."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"not within 30 seconds: {what}"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended and that nobody has waited for yet is none.
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.is_file() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


def is_locked(warehouse: Warehouse) -> bool:
    with (warehouse.directory / ".kpi.duckdb.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def leftovers(warehouse: Warehouse) -> list[str]:
    return sorted(path.name for path in warehouse.directory.glob(".*building*"))


def start(warehouse: Warehouse, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | warehouse.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A place with an earlier warehouse, which no run here may change."""
    place = Warehouse(tmp_path / "warehouse")
    place.directory.mkdir()
    place.path.write_bytes(b"earlier")
    return place


def slow_run(warehouse: Warehouse, tmp_path: Path) -> tuple[subprocess.Popen[str], int]:
    """A run whose build lasts: its process, and the process id of what builds."""
    said = tmp_path / "said"
    script = tmp_path / "slow.py"
    script.write_text(SLOW_DBT.format(said=str(said)), encoding="utf-8")
    process = start(warehouse, "-c", KPI, str(script), "run", "--system", "demo", "--as-of", AS_OF)
    eventually(lambda: said.exists() and said.read_text() != "", "a build that runs")
    return process, int(said.read_text())


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")]
)
def test_a_signal_stops_run_and_build(
    warehouse: Warehouse, tmp_path: Path, number: signal.Signals, code: int, word: str
) -> None:
    process, child = slow_run(warehouse, tmp_path)
    assert is_locked(warehouse)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr) == (code, "", word + "\n")
    assert not is_alive(child)
    assert not is_locked(warehouse)
    assert leftovers(warehouse) == []
    assert warehouse.path.read_bytes() == b"earlier"


def test_what_builds_holds_the_lock(warehouse: Warehouse, tmp_path: Path) -> None:
    """Also when the run that began it was killed: else two builds would write at once."""
    process, child = slow_run(warehouse, tmp_path)
    process.kill()
    process.communicate()
    try:
        assert is_alive(child)
        result = warehouse.run("run", "--system", "demo", "--as-of", AS_OF)
        assert (result.exit_code, result.stdout) == (4, "")
        assert "Another run" in result.stderr
    finally:
        os.kill(child, signal.SIGKILL)
    eventually(lambda: not is_locked(warehouse), "a lock that is free")


def test_dbt_ends_with_its_run(warehouse: Warehouse) -> None:
    """A run that is killed takes dbt with it, where the system can do that, or the lock stays until dbt has ended."""
    process = start(warehouse, "-m", "kpi_runner.cli", "run", "--system", "demo", "--as-of", AS_OF)
    name = f".kpi.duckdb.{process.pid}.building"
    unfinished = warehouse.directory / name / "kpi.duckdb"
    eventually(unfinished.exists, "a build that has begun")
    process.kill()
    process.communicate()
    eventually(lambda: not is_locked(warehouse), "a lock that is free")
    assert leftovers(warehouse) == [name]
    assert warehouse.path.read_bytes() == b"earlier"


# --- What the next run finds


@pytest.fixture(scope="module")
def rebuilt(small: Built, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A run of one KPI over an earlier warehouse, with leftovers of killed runs and a log (.wal) beside it."""
    directory = tmp_path_factory.mktemp("rebuilt")
    warehouse = Warehouse(directory / "warehouse")
    warehouse.directory.mkdir()
    shutil.copy(small.warehouse.path, warehouse.path)
    log = warehouse.directory / "kpi.duckdb.wal"
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("pragma disable_checkpoint_on_shutdown")
        connection.execute("create table noted as select 1 as nothing")
    assert log.exists()
    for name in (".kpi.duckdb.building", ".kpi.duckdb.4194305.building"):
        (warehouse.directory / name / "target").mkdir(parents=True)
        (warehouse.directory / name / "kpi.duckdb").touch()
    (warehouse.directory / ".other.duckdb.1.building").mkdir()
    write_company(small_company(), directory / "data")
    options = ("--as-of", AS_OF, "--select", "revenue")
    result = warehouse.run("run", "--data", str(directory / "data"), *options)
    assert (result.exit_code, result.stderr) == (0, "")
    return warehouse


def test_a_log_of_the_old_warehouse_is_not_read_into_the_new(rebuilt: Warehouse) -> None:
    assert not (rebuilt.directory / "kpi.duckdb.wal").exists()
    (row,) = rebuilt.query("revenue", "--period", "2026-02")
    assert row["value"] == 1000


def test_the_next_run_clears_what_killed_ones_left(rebuilt: Warehouse) -> None:
    assert leftovers(rebuilt) == [".other.duckdb.1.building"]


def test_a_kpi_that_is_called_like_a_theme_is_selected_alone(rebuilt: Warehouse) -> None:
    """metrics/revenue is a folder, too."""
    assert rebuilt.rows("select distinct kpi_id from kpi_values") == [("revenue",)]


def test_a_log_stays_with_the_warehouse_that_stays(tmp_path: Path) -> None:
    for name in ("kpi.duckdb", "kpi.duckdb.wal"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "work").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        take_place(tmp_path / "work" / "kpi.duckdb", tmp_path / "kpi.duckdb")
    for name in ("kpi.duckdb", "kpi.duckdb.wal"):
        assert (tmp_path / name).read_text(encoding="utf-8") == name
