"""Where a warehouse is built: beside its place, under its lock, in a directory of the run's own."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kpi_runner.errors import DataError, LockedError


@dataclass(frozen=True)
class Workplace:
    """A directory to build in, and the lock's file descriptor, for the building process to inherit."""

    directory: Path
    lock: int


@contextmanager
def workplace(warehouse: Path) -> Iterator[Workplace]:
    """A workplace beside the warehouse, for the one run that may build it; gone when the block ends.

    What a run that was killed has left is cleared away. Raises LockedError while another run builds,
    and DataError where nothing can be written.
    """
    try:
        warehouse.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(warehouse, error) from None
    with locked(_beside(warehouse, "lock"), f"building {warehouse}", warehouse) as lock:
        directory = _beside(warehouse, f"{os.getpid()}.building")
        try:
            _clear(warehouse)
            directory.mkdir()
        except OSError as error:
            raise _unwritable(warehouse, error) from None
        try:
            yield Workplace(directory, lock)
        finally:
            shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def locked(file: Path, doing: str, written: Path) -> Iterator[int]:
    """Holds the lock of that file, which the system frees when the last process that has it open has ended.

    So no lock outlives its holder, however that one ends. Gives the lock's file descriptor. Raises LockedError
    where another run holds it, saying what that one is doing, and DataError where the file cannot be opened, naming
    what was to be written.
    """
    try:
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
    log, kept = _log_of(warehouse), built.with_name("log_of_the_old_one")
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
    name = re.compile(rf"\.{re.escape(warehouse.name)}(\.\d+)?\.building")
    for path in warehouse.parent.iterdir():
        if name.fullmatch(path.name):
            shutil.rmtree(path)


def _beside(warehouse: Path, suffix: str) -> Path:
    return warehouse.with_name(f".{warehouse.name}.{suffix}")


def _log_of(warehouse: Path) -> Path:
    return warehouse.with_name(f"{warehouse.name}.wal")


def _unwritable(warehouse: Path, error: OSError) -> DataError:
    return DataError(f"The warehouse {warehouse} cannot be written: {error.strerror}.")
