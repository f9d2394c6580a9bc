"""Commands that are killed (SIGKILL) at any moment: what they write is as it was or as it is to be, never in between.

Fifty runs are killed, each into what the one before has left. A build by dbt takes several seconds, so most of them run
with a stand-in for dbt, and are killed at moments spread evenly over everything that the command itself does; the
others run dbt and are killed at random moments by the clock.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from kpi_runner.published import Publication, history_of, publications
from kpi_runner.workplace import take_place
from tests.python.conftest import AS_OF, FIGURE_COLUMNS, ROOT, Builder, Built, Warehouse, small_company
from tests.python.scope import in_ci
from tests.python.test_cli_publish import SELECTED, changed_company, copied
from tests.python.test_cli_stopped import eventually, is_locked, leftovers

#: How many runs are killed at moments of their own doings, and by the clock; and commands that publish or export.
MOMENTS = 42
BY_THE_CLOCK = 8
OTHERS = 15

#: Runs `kpi` and counts the calls and returns in some of its modules; kills it at the one of a number. Says how many
#: there were where it gets to its end.
KPI = """
import os, pathlib, signal, sys
import kpi_runner.build, kpi_runner.files, kpi_runner.export, kpi_runner.published
last, said, stand_in, files = int(sys.argv[1]), sys.argv[2], sys.argv[3], tuple(sys.argv[4].split(","))
del sys.argv[1:5]
if stand_in:
    kpi_runner.build.CHILD = pathlib.Path(stand_in)
count = 0

def counted(frame, event, argument):
    global count
    name = frame.f_code.co_filename
    if name.endswith(files) or (name.endswith("versions.py") and frame.f_code.co_name == "record"):
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

from kpi_runner.cli import main
sys.setprofile(counted)
try:
    main()
finally:
    sys.setprofile(None)
    pathlib.Path(said).write_text(str(count))
"""

#: Stands for dbt: leaves a warehouse that was built before, and a manifest.
STAND_IN = """
import os, pathlib, shutil, sys
shutil.copy({built!r}, os.environ["KPI_DUCKDB_PATH"])
target = pathlib.Path(sys.argv[sys.argv.index("--target-path") + 1])
target.mkdir(parents=True, exist_ok=True)
(target / "manifest.json").write_text('{{"nodes": {{}}, "macros": {{}}}}')
"""


def figures_of(path: Path) -> str:
    """A fingerprint of the figures that a reader finds."""
    with duckdb.connect(str(path), read_only=True) as connection:
        columns = f"concat_ws('|', {FIGURE_COLUMNS})"
        (row,) = connection.execute(f"select count(*), sum(md5_number_lower({columns})) from kpi_values").fetchall()
    return f"{row[0]} {row[1]}"


class Killer:
    """Runs `kpi` and kills it at the n-th call or return in some modules."""

    def __init__(self, warehouse: Warehouse, files: str, stand_in: str = "") -> None:
        self.warehouse, self.files, self.stand_in = warehouse, files, stand_in
        self.said = warehouse.directory.parent / "said"

    def run(self, moment: int, *command: str) -> int:
        """The exit code: -9 where it was killed."""
        arguments = [str(moment), str(self.said), self.stand_in, self.files, *command]
        done = subprocess.run(
            [sys.executable, "-c", KPI, *arguments],
            cwd=ROOT,
            env=os.environ | self.warehouse.environment(),
            capture_output=True,
            check=False,
        )
        assert done.returncode in (0, -9), done.stderr.decode()
        return done.returncode

    def moments(self, number: int, *command: str) -> Iterator[int]:
        """So many moments, spread evenly over a whole command, which runs to its end first; the last moment first."""
        assert self.run(0, *command) == 0
        total = int(self.said.read_text())
        assert total > number, total
        yield from (1 + place * (total - 1) // (number - 1) for place in reversed(range(number)))


@pytest.fixture(scope="module")
def first(builder: Builder) -> Built:
    return builder.folder("published", small_company(), *SELECTED)


@pytest.fixture(scope="module")
def changed(builder: Builder) -> Built:
    return builder.folder("published_changed", changed_company(), *SELECTED)


# --- Runs


def test_a_run_that_is_killed_leaves_the_old_figures_or_the_new(first: Built, changed: Built, tmp_path: Path) -> None:
    warehouse = copied(first, tmp_path)
    stand_in = tmp_path / "stand_in.py"
    stand_in.write_text(STAND_IN.format(built=str(changed.warehouse.path)), encoding="utf-8")
    killer = Killer(warehouse, "build.py,workplace.py", str(stand_in))
    command = ("run", "--system", "demo", "--as-of", AS_OF)
    old, new = figures_of(first.warehouse.path), figures_of(changed.warehouse.path)
    assert old != new
    found = []
    for moment in killer.moments(MOMENTS, *command):
        shutil.copy(first.warehouse.path, warehouse.path)
        assert killer.run(moment, *command) == -9
        eventually(lambda: not is_locked(warehouse), "a lock that is free")
        found.append(figures_of(warehouse.path))
        assert len(leftovers(warehouse)) <= 1
    assert set(found) == {old, new}
    # There is one moment from which on there are the new figures.
    assert found == sorted(found, key=[new, old].index)
    shutil.copy(first.warehouse.path, warehouse.path)
    assert killer.run(0, *command) == 0
    assert (figures_of(warehouse.path), leftovers(warehouse)) == (new, [])
    assert warehouse.call("publish").exit_code == 0


@in_ci
def test_runs_by_dbt_that_are_killed_at_random_moments(changed: Built, first: Built, tmp_path: Path) -> None:
    warehouse = copied(first, tmp_path)
    data = changed.warehouse.directory.parent / "data"
    command = [sys.executable, "-m", "kpi_runner.cli", "run", "--data", str(data), "--as-of", AS_OF, *SELECTED]
    old, new = figures_of(first.warehouse.path), figures_of(changed.warehouse.path)
    chance = random.Random(20260630)

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | warehouse.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    for _ in range(BY_THE_CLOCK):
        process = started()
        time.sleep(chance.uniform(0.2, 8))
        process.kill()
        process.wait()
        eventually(lambda: not is_locked(warehouse), "a lock that is free")
        assert figures_of(warehouse.path) in (old, new)
        shutil.copy(first.warehouse.path, warehouse.path)
    assert started().wait(600) == 0
    assert (figures_of(warehouse.path), leftovers(warehouse)) == (new, [])


def test_a_reader_finds_the_old_figures_or_the_new(first: Built, changed: Built, tmp_path: Path) -> None:
    """However often one warehouse takes the other's place meanwhile; who has it open reads on in the old one."""
    warehouse = copied(first, tmp_path)
    old, new = figures_of(first.warehouse.path), figures_of(changed.warehouse.path)
    found: list[str] = []
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set():
            found.append(figures_of(warehouse.path))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        end = time.monotonic() + 60
        number = 0
        while (number < 30 or len(set(found)) < 2) and time.monotonic() < end:
            built = tmp_path / "built.duckdb"
            shutil.copy((changed, first)[number % 2].warehouse.path, built)
            take_place(built, warehouse.path)
            number += 1
    finally:
        is_done.set()
        reader.join()
    assert set(found) == {old, new}
    shutil.copy(first.warehouse.path, tmp_path / "built.duckdb")
    take_place(tmp_path / "built.duckdb", warehouse.path)
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        half = connection.execute(f"select {FIGURE_COLUMNS} from kpi_values")
        rows = half.fetchmany(100)
        shutil.copy(changed.warehouse.path, tmp_path / "built.duckdb")
        take_place(tmp_path / "built.duckdb", warehouse.path)
        rows += half.fetchall()
        again = connection.execute(f"select {FIGURE_COLUMNS} from kpi_values").fetchall()
    assert sorted(map(str, rows)) == sorted(map(str, again))
    assert sorted(map(str, rows)) == sorted(map(str, first.warehouse.rows(f"select {FIGURE_COLUMNS} from kpi_values")))
    assert figures_of(warehouse.path) == new


# --- Publications and exports


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_publication_that_is_killed_is_there_whole_or_not_at_all(first: Built, tmp_path: Path) -> None:
    warehouse = copied(first, tmp_path)
    history = history_of(warehouse.path)
    assert warehouse.call("publish").exit_code == 0
    earliest = contents(history / "000001")
    killer = Killer(warehouse, "published.py,workplace.py")
    found = []
    for moment in killer.moments(OTHERS, "publish"):
        shutil.rmtree(history / "000002", ignore_errors=True)
        assert killer.run(moment, "publish") == -9
        found.append(len(publications(history)))
        for entry in publications(history):
            assert_is_whole(entry)
        assert contents(history / "000001") == earliest
    assert set(found) == {1, 2}
    assert found == sorted(found, reverse=True)
    known = len(publications(history))
    result = warehouse.call("publish", "--format", "json")
    assert json.loads(result.stdout)[0]["publication_id"] == known + 1
    assert {path.name for path in history.iterdir()} == {f"{number:06}" for number in range(1, known + 2)} | {".lock"}
    assert warehouse.call("diff").exit_code == 0


def assert_is_whole(publication: Publication) -> None:
    """Its files hold as many figures and rows as it says."""
    with duckdb.connect() as connection:
        ((figures,),) = connection.execute(f"select count(*) from '{publication.figures_file}'").fetchall()
        assert figures == sum(kpi.figures for kpi in publication.kpis) > 0
        for kpi in publication.kpis:
            rows = connection.execute(f"select count(*) from '{publication.rows_file(kpi.kpi_id)}'").fetchall()
            assert rows == [(kpi.rows,)]


def test_an_export_that_is_killed_leaves_every_file_whole(first: Built, tmp_path: Path) -> None:
    """As it was or as it is to be; and the next export clears what it has left."""
    warehouse = copied(first, tmp_path)
    out = tmp_path / "out"
    command = ("export", "--format", "csv,parquet", "-o", str(out))
    kept = {}
    for name, period in (("old", "2025"), ("new", "2026")):
        assert warehouse.call(*command, "--period", period).exit_code == 0
        kept[name] = contents(out)
    killer = Killer(warehouse, "files.py,export.py")
    seen = set()
    for moment in killer.moments(OTHERS, *command, "--period", "2026"):
        for name, content in kept["old"].items():
            (out / name).write_bytes(content)
        assert killer.run(moment, *command, "--period", "2026") == -9
        for name in kept["old"]:
            content = (out / name).read_bytes()
            assert content in (kept["old"][name], kept["new"][name]), name
            if name == "kpi_values.csv":
                seen.add(content == kept["new"][name])
    assert seen == {False, True}
    assert warehouse.call(*command, "--period", "2026").exit_code == 0
    assert contents(out) == kept["new"]
    assert {path.name for path in out.iterdir()} == set(kept["new"])


def test_two_commands_do_not_export_to_a_directory_at_once(first: Built, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    opened = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        result = first.warehouse.call("export", "-o", str(out))
    finally:
        os.close(opened)
    assert (result.exit_code, list(out.iterdir())) == (4, [])
    assert str(out) in result.stderr
    assert first.warehouse.call("export", "-o", str(out)).exit_code == 0
