"""Tables as files: Parquet bytes, and files that are written whole or not at all."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from kpi_runner.errors import DataError, LockedError
from kpi_runner.sql import quoted
from kpi_runner.workplace import on_disk

#: The types of the columns of figures; a column that is not here is text.
COLUMN_TYPES = {
    "period_start": "date",
    "period_end": "date",
    "numerator": "decimal(38, 14)",
    "denominator": "decimal(38, 14)",
    "value": "double",
    "compared_value": "double",
    "change": "double",
    "change_pct": "double",
    "row_count": "bigint",
    "is_complete": "boolean",
    "is_provisional": "boolean",
}


def parquet_bytes(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A table of figures as a Parquet file."""
    with tempfile.TemporaryDirectory() as directory, duckdb.connect() as connection:
        # The bar would stand in the data: DuckDB draws it on stdout.
        connection.execute("set enable_progress_bar = false")
        types = {name: COLUMN_TYPES.get(name, "varchar") for name in columns}
        listed = ", ".join(f"{quoted(name)} {type_}" for name, type_ in types.items())
        connection.execute(f"create table figures ({listed})")
        if rows:
            # By columns: row by row it takes a hundred times as long.
            values = ", ".join(f"unnest(cast(? as {type_}[]))" for type_ in types.values())
            by_column = [list(column) for column in zip(*rows, strict=True)]
            connection.execute(f"insert into figures select {values}", by_column)
        file = Path(directory) / "figures.parquet"
        connection.execute("copy figures to ? (format parquet)", [str(file)])
        return file.read_bytes()


#: How the directories begin that files are written in before they take their names; mkdtemp adds eight characters.
SCRATCH = ".kpi_export-"
#: What lies in such a directory and in no other: a sign that it is ours.
_SIGN = ".files_that_have_no_name_yet"


@contextmanager
def written_together(directory: Path) -> Iterator[Mapping[str, Path]]:
    """Names of files to write, each standing for a temporary path beside its place.

    When the block ends well, all files that were written take their names, replacing what was
    there; when it does not, none does. A command that is killed leaves every file whole: as it was,
    or, where it was killed in the instant between two names, as it is to be. Raises LockedError
    while another command writes to the directory, and DataError where it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone_in(directory):
            _clear_scratch(directory)
            with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=directory) as scratch:
                (Path(scratch) / _SIGN).touch()
                paths = _Paths(Path(scratch))
                yield paths
                for path in paths.values():
                    on_disk(path)
                _take_places(paths, directory)
    except OSError as error:
        raise DataError(
            f"--output: {error.filename2 or error.filename or directory} cannot be written: {error.strerror}."
        ) from None


def _clear_scratch(directory: Path) -> None:
    """Removes what commands left here that were killed: they would hold the directory if they were still at work."""
    name = re.compile(rf"{re.escape(SCRATCH)}[a-z0-9_]{{8}}")
    for path in directory.iterdir():
        if name.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            if (path / _SIGN).is_file():
                shutil.rmtree(path)
            else:
                # Killed before it had signed, it is empty; else it is somebody's own.
                with suppress(OSError):
                    path.rmdir()


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Holds a directory against other commands that write files together; it is free when this one has ended."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"Another command is writing to {directory}. Wait until it is done.") from None
        yield
    finally:
        os.close(opened)


def _take_places(paths: Mapping[str, Path], directory: Path) -> None:
    """Moves every file to its place; where one cannot be moved, puts back what was there."""
    moved: list[tuple[Path, Path | None]] = []
    try:
        for name, path in paths.items():
            place, earlier = directory / name, None
            if place.is_file():
                earlier = path.with_name(f"{name}.earlier")
                _keep(place, earlier)
            moved.append((place, earlier))
            os.replace(path, place)
    except BaseException:
        for place, earlier in reversed(moved):
            if earlier is not None:
                os.replace(earlier, place)
            elif place.is_file():
                place.unlink()
        raise


def _keep(place: Path, earlier: Path) -> None:
    """Keeps a file under another name, too, and leaves it in its place until the new one takes that."""
    try:
        os.link(place, earlier)
    except OSError:
        shutil.copy2(place, earlier)


class _Paths(dict[str, Path]):
    """File names and the temporary paths that stand for them."""

    def __init__(self, scratch: Path) -> None:
        super().__init__()
        self.scratch = scratch

    def __missing__(self, name: str) -> Path:
        self[name] = self.scratch / name
        return self[name]
