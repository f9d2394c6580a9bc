"""Where a warehouse is built: beside its place, under its lock, with a directory of the run's own."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from kpi_runner.errors import DataError, LockedError
from kpi_runner.profiles import DATABASE_BEFORE, Target
from kpi_runner.project import Project
from kpi_runner.sql import quoted, text_literal
from kpi_runner.tables_before import copied_tables, log_of


@dataclass
class Workplace(ABC):
    """Where a build is made that nobody sees until it takes the place of the one before, whole.

    `directory` is for what dbt reads and writes. `lock` is a file descriptor that the building process inherits: the
    lock is held until the last of both has closed it. `profile` has the fields of the target that are other ones while
    it builds, and `environment` the variables that they are taken from. `engine_version` is what the database says
    that it is.
    """

    directory: Path
    lock: int
    profile: Mapping[str, str]
    environment: Mapping[str, str]
    engine_version: str

    @abstractmethod
    def receive(self, manifest: Path, project: Project, variables: Mapping[str, Any]) -> None:
        """Before the build, by dbt's manifest: takes in what the build reads of this machine's files.

        Raises DataError for a file that cannot be read.
        """

    @abstractmethod
    def before(self) -> AbstractContextManager[Mapping[str, str] | None]:
        """Where the build finds what the target has now, by the var figures_before; None where it cannot read it.

        That is a schema and, where it lies in a file, this and the name of a database for it. It stays as it is within
        the block.
        """

    def begin_with_tables(self) -> bool:
        """Has the build begin with what the target has now of tables that take in just what is new.

        Within before(), for a target that the same code has built. Returns whether it does.
        """
        return False

    @abstractmethod
    def is_built(self) -> bool:
        """Whether there is anything that could take its place."""

    @abstractmethod
    def write(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        """Writes a table of texts into what was built. Raises DataError where it cannot."""

    @abstractmethod
    def take_place(self) -> None:
        """Puts what was built in the place of what was there. Raises DataError, with that kept."""


@contextmanager
def workplace(target: Target) -> Iterator[Workplace]:
    """A workplace for the one run that may build the target; gone when the block ends.

    What a run that was killed has left is cleared away. Raises LockedError while another run builds,
    and DataError where nothing can be written.
    """
    # Imported here: who builds a file need not have what speaks to servers.
    if target.server is None:
        made = _beside_file(target)
    elif target.engine == "spark":
        from kpi_runner.spark_build import beside_cluster

        made = beside_cluster(target)
    else:
        from kpi_runner.postgres_build import beside_schema

        made = beside_schema(target)
    with made as place:
        yield place


@contextmanager
def own_directory(place: Path) -> Iterator[Path]:
    """A directory of a run's own, which holds the lock; those of earlier runs are cleared away. Raises DataError."""
    directory = beside(place, f"{os.getpid()}.building")
    try:
        _clear(place)
        directory.mkdir(parents=True)
    except OSError as error:
        raise _unwritable(place, error) from None
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


# --- In a file


@dataclass
class FileWorkplace(Workplace):
    """A database file in the run's own directory."""

    built: Path
    warehouse: Path
    schema: str
    #: Within before(): the warehouse's file, and a connection that reads it.
    opened: tuple[BinaryIO, duckdb.DuckDBPyConnection] | None = None

    def receive(self, manifest: Path, project: Project, variables: Mapping[str, Any]) -> None:
        """Nothing: DuckDB reads files by itself."""

    @contextmanager
    def before(self) -> Iterator[Mapping[str, str] | None]:
        """The file of the warehouse, open here: so nobody opens it to write before dbt has it open to read."""
        with ExitStack() as opened:
            found = None
            with suppress(OSError, duckdb.Error):
                # Opened before and closed after DuckDB does: whoever closes a file gives up all locks that his process
                # has on it.
                file = opened.enter_context(self.warehouse.open("rb"))
                self.opened = file, opened.enter_context(duckdb.connect(str(self.warehouse), read_only=True))
                found = {"database": DATABASE_BEFORE, "schema": self.schema, "file": str(self.warehouse)}
            yield found

    def begin_with_tables(self) -> bool:
        """Copies them, but where something lies in the warehouse's log: that is part of it, and not in the file."""
        assert self.opened is not None
        return not log_of(self.warehouse).exists() and copied_tables(*self.opened, self.schema, self.built)

    def is_built(self) -> bool:
        """Whether there is a file."""
        return self.built.is_file()

    def write(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        """Writes a table of texts. Raises DataError where it cannot."""
        try:
            with duckdb.connect(str(self.built)) as connection:
                connection.execute(f"set schema = {text_literal(self.schema)}")
                listed = ", ".join(f"{quoted(name)} varchar" for name in columns)
                connection.execute(f"create or replace table {quoted(table)} ({listed})")
                if rows:
                    places = ", ".join("?" for _ in columns)
                    connection.executemany(f"insert into {quoted(table)} values ({places})", rows)
        except duckdb.Error as error:
            raise DataError(f"The new warehouse cannot be written: {error}\nNothing was changed.") from None

    def take_place(self) -> None:
        """Gives the file the warehouse's name. Raises DataError, with the old one kept."""
        take_place(self.built, self.warehouse)


@contextmanager
def _beside_file(target: Target) -> Iterator[Workplace]:
    """A workplace beside a warehouse's file."""
    warehouse = target.path
    with (
        locked(beside(warehouse, "lock"), f"building {warehouse}", warehouse) as lock,
        own_directory(warehouse) as directory,
    ):
        # The file keeps its name: views name the database they lie in by it.
        built = directory / warehouse.name
        variable = "KPI_DUCKDB_PATH"
        yield FileWorkplace(
            directory,
            lock,
            {"path": f"{{{{ env_var('{variable}') }}}}"},
            {variable: str(built)},
            duckdb.__version__,
            built,
            warehouse,
            target.schema,
        )


@contextmanager
def locked(file: Path, doing: str, written: Path) -> Iterator[int]:
    """Holds the lock of that file, which the system frees when the last process that has it open has ended.

    So no lock outlives its holder, however that one ends. Gives the lock's file descriptor. Raises LockedError
    where another run holds it, saying what that one is doing, and DataError where the file cannot be opened, naming
    what was to be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _unwritable(written, error) from None
    try:
        _take(lock, doing)
        yield lock
    finally:
        os.close(lock)


def take_place(built: Path, warehouse: Path) -> None:
    """Puts a finished database in the warehouse's place. Raises DataError, with the old one kept.

    The log (.wal) that lies beside the old one belongs to it: DuckDB would refuse the new one with it.
    """
    log, kept = log_of(warehouse), built.with_name("log_of_the_old_one")
    try:
        # On the disk before it takes its name: else a machine that loses power could be left with an empty file.
        on_disk(built)
        has_log = log.exists()
        if has_log:
            os.replace(log, kept)
        try:
            os.replace(built, warehouse)
        except OSError:
            if has_log:
                os.replace(kept, log)
            raise
        # The figures are in their place; where the file system does not take this, there is nothing to undo.
        with suppress(OSError):
            on_disk(warehouse.parent)
    except OSError as error:
        raise _unwritable(warehouse, error) from None


def on_disk(path: Path) -> None:
    """Waits until a file's contents, or the names in a directory, are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _take(lock: int, doing: str) -> None:
    """Takes the lock, and writes to its file who holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise LockedError(f"Another run (process {holder}) is {doing}. Wait until it is done.") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode("ascii"), 0)


def _clear(warehouse: Path) -> None:
    """Removes the workplaces of earlier runs. None of them still builds: it would hold the lock."""
    if not warehouse.parent.is_dir():
        return
    name = re.compile(rf"\.{re.escape(warehouse.name)}(\.\d+)?\.building")
    for path in warehouse.parent.iterdir():
        if name.fullmatch(path.name):
            shutil.rmtree(path)


def beside(warehouse: Path, suffix: str) -> Path:
    """A file of a run that belongs to a warehouse and lies beside it."""
    return warehouse.with_name(f".{warehouse.name}.{suffix}")


def _unwritable(warehouse: Path, error: OSError) -> DataError:
    return DataError(f"The warehouse {warehouse} cannot be written: {error.strerror}.")
