"""What a build in a file begins with: tables of the run before that can take in what is new (macros/incremental/).

The warehouse's file is copied, which takes a fraction of writing those tables, and all else is dropped from the copy.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

import duckdb

from kpi_runner.sql import quoted, text_literal

#: The schema that has a note of each such table, named after its schema and itself; beside `main`.
NOTES = "taken_in"

#: How much is copied at a time, in bytes.
PIECE = 1 << 24

#: What a user may have made in the file that is neither a view nor a table: a build from nothing is rid of it.
OTHERS = (
    "select 1 from duckdb_functions() where not internal union all select 1 from duckdb_types() where not internal"
    " union all select 1 from duckdb_sequences()"
)

#: Whether the tables fill a third of a file or more: DuckDB never makes one smaller but at its end.
IS_WORTH_IT = (
    "select used_blocks * 3 >= total_blocks from pragma_database_size() where database_name = current_database()"
)


def log_of(file: Path) -> Path:
    """The log that DuckDB keeps beside a file, of what is not yet in it."""
    return file.with_name(f"{file.name}.wal")


def copied_tables(warehouse: BinaryIO, before: duckdb.DuckDBPyConnection, schema: str, built: Path) -> bool:
    """Copies an open warehouse, that `before` reads, to `built` with the noted tables alone; whether it has any.

    Where it cannot, for want of room or whatever else a file may hold, there is no `built`, and a build begins with
    nothing. `schema` is that of the target.
    """
    notes = NOTES if schema == "main" else f"{schema}_{NOTES}"
    noted = f"select table_name from duckdb_tables() where schema_name = {text_literal(notes)}"
    if not before.execute(noted).fetchall() or before.execute(OTHERS).fetchall():
        return False
    try:
        with built.open("wb") as copy:
            warehouse.seek(0)
            shutil.copyfileobj(warehouse, copy, PIECE)
        with duckdb.connect(str(built)) as connection:
            _drop_others(connection, notes, noted)
            # What they took in the file is free for others from here on.
            connection.execute("checkpoint")
            ((is_worth_it,),) = connection.execute(IS_WORTH_IT).fetchall()
    except (OSError, duckdb.Error):
        is_worth_it = False
    if not is_worth_it:
        for file in (built, log_of(built)):
            file.unlink(missing_ok=True)
    return bool(is_worth_it)


def _drop_others(connection: duckdb.DuckDBPyConnection, notes: str, noted: str) -> None:
    """Drops views, and tables that are neither noted nor notes."""
    is_other = f"schema_name || '.' || table_name not in ({noted}) and schema_name <> {text_literal(notes)}"
    for kind, condition in (("view", "not internal"), ("table", is_other)):
        found = f"select database_name, schema_name, {kind}_name from duckdb_{kind}s() where {condition}"
        for place in connection.execute(found).fetchall():
            connection.execute(f"drop {kind} {'.'.join(map(quoted, place))}")
