"""A warehouse on a PostgreSQL server, as the last run left it. Read-only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kpi_runner.errors import DataError
from kpi_runner.profiles import Target
from kpi_runner.remote import RemoteWarehouse
from kpi_runner.sql import quoted
from kpi_runner.warehouse import first_line

#: What a parameter's place is told from: texts and names in quotes, which may hold a question mark or a percent sign.
_PARTS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\?|%""")

#: Class of an SQL state → the server lacks a table, column or function that the query names.
_LACKING = ("42P01", "42703", "42883")


#: How a connection is made where the profile does not say otherwise. dbt waits as long, and texts are read in UTF-8.
DEFAULTS = {"connect_timeout": "10", "client_encoding": "UTF8"}


def connected(target: Target, **options: Any) -> Any:
    """A connection to a target's server. Raises DataError where there can be none."""
    try:
        import psycopg2
    except ImportError:
        raise DataError(
            f"--target: {target.name} is a PostgreSQL server, and what speaks to it is not installed:"
            " pip install --require-hashes -r requirements/postgres.txt"
        ) from None
    fields: dict[str, Any] = DEFAULTS | dict(target.server or {}) | options
    if "role" in fields:
        fields["options"] = f"-c role={fields.pop('role')}"
    try:
        return psycopg2.connect(**fields)
    except psycopg2.Error as error:
        raise DataError(f"The warehouse {named(target)} cannot be opened: {first_line(error)}") from None


def named(target: Target) -> str:
    """What messages call a warehouse on a server."""
    server = target.server or {}
    return f"{target.name} ({server['dbname']} on {server['host']}:{server['port']})"


class PostgresWarehouse(RemoteWarehouse):
    """An open warehouse on a server. Use as a context manager."""

    dialect = "postgres"

    def __init__(self, target: Target) -> None:
        """Connects to the server of a target.

        Raises DataError where it cannot, or finds no finished run.
        """
        self.server = connected(target)
        self.name = named(target)
        self.schema = target.schema
        self.server.set_session(readonly=True, autocommit=True)
        with self._asking() as cursor:
            # What a query rolls up is planned badly, as in a build: see macros/engine/postgres.sql.
            cursor.execute(f"set search_path = {quoted(self.schema)}; set enable_nestloop = off; set jit = off")
        self._opened = self._number()
        if not self.has_table("run_settings"):
            self.server.close()
            raise DataError(
                f"The warehouse {self.name} holds no finished run in the schema {self.schema}. Build one with"
                f" `kpi run --target {target.name}` (docs/postgres.md)."
            )

    def close(self) -> None:
        """Ends the connection."""
        self.server.close()

    def _number(self) -> list[tuple[Any, ...]]:
        """The number of the schema: each run makes a new one, and gives it the name."""
        return self.rows("select oid from pg_catalog.pg_namespace where nspname = ?", [self.schema])

    def check_unreplaced(self) -> None:
        """Raises DataError where a run has replaced the figures since they were opened.

        What was read may then be of both: names lead to the new ones from one statement to the next.
        """
        if self._number() != self._opened:
            raise DataError(f"The warehouse {self.name} was replaced by a run while it was read. Ask again.")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query of ours; raises what Warehouse.rows() does."""
        with self._asking() as cursor:
            cursor.execute(_with_places(sql), tuple(parameters))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def each_row(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """What Warehouse.each_row() gives: the server keeps the rows, and gives some thousands at a time."""
        with self._asking(name="each_row", withhold=True) as cursor:
            cursor.execute(_with_places(sql))
            yield from cursor

    @contextmanager
    def _asking(self, **options: Any) -> Iterator[Any]:
        """A cursor; what the server refuses becomes an error of ours."""
        with self.server.cursor(**options) as cursor:
            try:
                yield cursor
            except self.server.Error as error:
                if getattr(error, "pgcode", None) in _LACKING:
                    self.check_unreplaced()
                    raise self.of_another_layout(first_line(error)) from None
                raise DataError(f"The warehouse {self.name} refused a query: {first_line(error)}") from None

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

    def types_of(self, sql: str) -> Mapping[str, str]:
        """The columns of a query of ours, each with DuckDB's name for its type."""
        with self._asking() as cursor:
            cursor.execute(f"select * from ({sql}) as of_no_row limit 0")
            return {column.name: _duckdb_type(column) for column in cursor.description}

    def write_csv(self, sql: str, file: Path) -> None:
        """Writes the rows of a query of ours as CSV with a header."""
        with file.open("wb") as target, self._asking() as cursor:
            cursor.copy_expert(f"copy ({sql}) to stdout (format csv, header)", target)

    def relations(self, schema: str) -> list[str]:
        """The tables and views of a schema, also those that the role may not read."""
        return [
            name
            for (name,) in self.rows(
                "select tables.relname from pg_catalog.pg_class as tables"
                " inner join pg_catalog.pg_namespace as spaces on tables.relnamespace = spaces.oid"
                " where spaces.nspname = ? and tables.relkind in ('r', 'v') order by tables.relname",
                [schema],
            )
        ]


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
