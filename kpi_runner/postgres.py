"""A warehouse on a PostgreSQL server, as `dbt build --target postgres` left it. Read-only."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from kpi_runner.errors import DataError
from kpi_runner.sql import quoted
from kpi_runner.warehouse import Warehouse, first_line

#: What a parameter's place is told from: texts and names in quotes, which may hold a question mark or a percent sign.
_PARTS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\?|%""")

#: Class of an SQL state → the server lacks a table, column or function that the query names.
_LACKING = ("42P01", "42703", "42883")


class PostgresWarehouse(Warehouse):
    """An open warehouse on a server. Use as a context manager."""

    def __init__(self, name: str, server: Mapping[str, str], schema: str) -> None:
        """Connects to the server of the target of that name.

        Raises DataError where it cannot, or finds no finished run.
        """
        try:
            import psycopg2
        except ImportError:
            raise DataError(
                f"--target: {name} is a PostgreSQL server, and what reads it is not installed:"
                " pip install --require-hashes -r requirements/postgres.txt"
            ) from None
        self.name = f"{name} ({server['dbname']} on {server['host']}:{server['port']})"
        self.schema = schema
        self._error: type[Exception] = psycopg2.Error
        try:
            self.server = psycopg2.connect(**dict[str, Any](server))
        except psycopg2.Error as error:
            raise DataError(f"The warehouse {self.name} cannot be opened: {first_line(error)}") from None
        self.server.set_session(readonly=True, autocommit=True)
        with self.server.cursor() as cursor:
            # What a query rolls up is estimated badly, as in a build: see macros/engine/postgres.sql.
            cursor.execute(f"set search_path = {quoted(schema)}; set enable_nestloop = off")
        if not self.has_table("run_settings"):
            self.server.close()
            raise DataError(
                f"The warehouse {self.name} holds no finished run in the schema {schema}. Build one with"
                f" `dbt build --target {name}` (docs/postgres.md)."
            )

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query of ours; raises what Warehouse.rows() does."""
        with self.server.cursor() as cursor:
            try:
                cursor.execute(_with_places(sql), tuple(parameters))
                found: list[tuple[Any, ...]] = cursor.fetchall()
            except self._error as error:
                if getattr(error, "pgcode", None) in _LACKING:
                    raise self.of_another_layout(first_line(error)) from None
                raise DataError(f"The warehouse {self.name} refused a query: {first_line(error)}") from None
        return found

    def all_columns(self) -> list[tuple[str, str, str]]:
        """What Warehouse.all_columns() gives, also of tables that the role may not read."""
        found: list[Any] = self.rows(
            "select spaces.nspname, tables.relname, lower(columns.attname)"
            " from pg_catalog.pg_attribute as columns"
            " inner join pg_catalog.pg_class as tables"
            " on columns.attrelid = tables.oid and tables.relkind in ('r', 'v')"
            " inner join pg_catalog.pg_namespace as spaces on tables.relnamespace = spaces.oid"
            " where columns.attnum > 0 and not columns.attisdropped order by columns.attnum"
        )
        return found

    def columns_of(self, sql: str) -> list[str]:
        """The columns of a query of ours."""
        return [column.name for column in self._described(sql)]

    def _described(self, sql: str) -> Sequence[Any]:
        """The columns of a query of ours, as the server describes them."""
        with self.server.cursor() as cursor:
            cursor.execute(f"select * from ({sql}) as of_no_row limit 0")
            described: Sequence[Any] = cursor.description
        return described

    def write_parquet(self, sql: str, file: Path) -> int:
        """Writes the rows of a query of ours as a Parquet file, with the query's own types; returns how many."""
        with tempfile.TemporaryDirectory() as directory, self.server.cursor() as cursor, duckdb.connect() as connection:
            types = {column.name: _duckdb_type(column) for column in self._described(sql)}
            text = Path(directory) / "rows.csv"
            with text.open("wb") as target:
                cursor.copy_expert(f"copy ({sql}) to stdout (format csv, header)", target)
            read = f"read_csv('{text}', header = true, columns = {types}, nullstr = '', allow_quoted_nulls = false)"
            ((count,),) = connection.execute(f"copy (from {read}) to ? (format parquet)", [str(file)]).fetchall()
        return int(count)


def _with_places(sql: str) -> str:
    """A query with `?` for its parameters as psycopg2 takes it: `%s` for them, and %% for a percent sign."""
    return _PARTS.sub(lambda part: "%s" if part[0] == "?" else part[0].replace("%", "%%"), sql)


#: The server's number of a type → DuckDB's name for it.
_TYPES = {
    16: "boolean", 20: "bigint", 21: "smallint", 23: "integer", 25: "varchar", 700: "float", 701: "double",
    1043: "varchar", 1082: "date", 1114: "timestamp",
}  # fmt: skip
_NUMERIC = 1700


def _duckdb_type(column: Any) -> str:
    """DuckDB's type for a column of a result; of numbers whose places the server does not say, those of figures."""
    if column.type_code == _NUMERIC:
        is_said = column.precision is not None and column.precision <= 38
        return f"decimal({column.precision}, {column.scale})" if is_said else "decimal(38, 14)"
    return _TYPES.get(column.type_code, "varchar")
