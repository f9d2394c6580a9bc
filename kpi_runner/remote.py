"""A warehouse that lies in no file of this machine: what is written of it passes through a file of text to DuckDB."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from kpi_runner.errors import DataError
from kpi_runner.sql import csv_rows, quoted
from kpi_runner.warehouse import Warehouse, first_line

#: What `kpi publish` and `kpi diff` read, beside each KPI's rows and what was delivered.
_COPIED = (
    "run_settings", "run_version", "run_version_kpis", "kpi_catalog", "kpi_measures", "kpi_values",
    "unavailable_measures", "compared_periods",
)  # fmt: skip


class RemoteWarehouse(Warehouse, ABC):
    """An open warehouse of another engine."""

    @abstractmethod
    def types_of(self, sql: str) -> Mapping[str, str]:
        """The columns of a query of ours, each with DuckDB's name for its type."""

    @abstractmethod
    def write_csv(self, sql: str, file: Path) -> None:
        """Writes the rows of a query of ours as CSV with a header: nothing for null, quotes for no text."""

    @abstractmethod
    def relations(self, schema: str) -> list[str]:
        """The tables and views of a schema, in the order of their names."""

    @abstractmethod
    def close(self) -> None:
        """Ends the connection."""

    def __exit__(self, *raised: object) -> None:
        try:
            if raised == (None, None, None):
                self.check_unreplaced()
        finally:
            self.close()

    def columns_of(self, sql: str) -> list[str]:
        """The columns of a query of ours."""
        return list(self.types_of(sql))

    def write_parquet(self, sql: str, file: Path) -> int:
        """Writes the rows of a query of ours as a Parquet file, with the query's own types; returns how many."""
        with self._copying(), duckdb.connect() as connection, self._fetched(sql) as rows:
            ((count,),) = connection.execute(f"copy (from {rows}) to ? (format parquet)", [str(file)]).fetchall()
        return int(count)

    @contextmanager
    def _copying(self) -> Iterator[None]:
        """What DuckDB cannot write, such as on a full disk, becomes an error of ours."""
        try:
            yield
        except duckdb.Error as error:
            raise DataError(
                f"What is read of the warehouse {self.name} cannot be copied: {first_line(error)}"
            ) from None

    @contextmanager
    def _fetched(self, sql: str) -> Iterator[str]:
        """The rows of a query of ours as a table expression of DuckDB, with the query's own types."""
        with tempfile.TemporaryDirectory() as directory:
            types = dict(self.types_of(sql))
            text = Path(directory) / "rows.csv"
            self.write_csv(sql, text)
            yield csv_rows(text, types, header=True)

    @contextmanager
    def to_publish(self) -> Iterator[Warehouse]:
        """A copy in a file of DuckDB, of what is published and compared."""
        with tempfile.TemporaryDirectory() as directory:
            # The file is called otherwise than any schema: DuckDB takes both for names of one kind.
            file = Path(directory) / "copied figures of a server.duckdb"
            staging = self.schema_of("staging")
            copied = [(self.schema, name, "*") for name in self.relations(self.schema) if _is_copied(name)]
            # Of what was delivered its fingerprint is asked, no more.
            copied += [(staging, name, "_fingerprint") for name in self.relations(staging) if name.startswith("stg_")]
            with self._copying(), duckdb.connect(str(file)) as connection:
                for schema, name, columns in copied:
                    table = f"{quoted(schema)}.{quoted(name)}"
                    connection.execute(f"create schema if not exists {quoted(schema)}")
                    with self._fetched(f"select {columns} from {table}") as rows:
                        connection.execute(f"create table {table} as from {rows}")
            self.check_unreplaced()
            with Warehouse(file, self.schema) as warehouse:
                warehouse.name = self.name
                yield warehouse


def _is_copied(name: str) -> bool:
    return name in _COPIED or name.endswith("__rows")
