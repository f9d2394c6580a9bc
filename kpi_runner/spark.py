"""A warehouse on a Spark cluster, as the last run left it. Read-only."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, suppress
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import IO, Any

from kpi_runner.errors import DataError, LockedError
from kpi_runner.profiles import Target
from kpi_runner.remote import RemoteWarehouse
from kpi_runner.sql import text_literal
from kpi_runner.warehouse import another_layout, first_line

#: The property of a target's schema that names the schema which the last run built: see spark_build.py.
BUILT_IN = "kpi.built_in"

#: What a session has unless the profile says otherwise: nothing is drawn or said beside the command's own output.
QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}

#: Texts, names in quotes, and types that are called otherwise there.
_PARTS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\bdouble precision\b|\bvarchar\b(?! *\()""")
_TYPES_THERE = {"double precision": "double", "varchar": "string"}

#: Beginnings of the conditions under which the cluster lacks a table or column that a query names.
_LACKING = ("TABLE_OR_VIEW_NOT_FOUND", "UNRESOLVED_COLUMN", "SCHEMA_NOT_FOUND")

#: What Derby says where another process has the store of what tables there are open.
_HELD = "Another instance of Derby"

#: The cluster's name of a type → DuckDB's.
_TYPES = {"string": "varchar", "int": "integer"}


class Session:
    """A session of Spark, which takes SQL as other engines do. Ends with close()."""

    def __init__(self, target: Target) -> None:
        """Starts it; its Java process says what it has to say in a file beside the target.

        Raises LockedError where another process has the embedded store of tables open, and DataError where there can be
        no session.
        """
        self.name = named(target)
        try:
            from py4j.protocol import Py4JError
            from pyspark.errors import PySparkException
            from pyspark.logger import PySparkLogger
            from pyspark.sql import SparkSession
        except ImportError:
            raise DataError(
                f"--target: {target.name} is a Spark cluster, and what speaks to it is not installed:"
                " pip install --require-hashes -r requirements/spark.txt"
            ) from None
        self.errors = (PySparkException, Py4JError)
        # What the cluster refuses is said in an error of ours, without a page of its plan.
        for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
            PySparkLogger.getLogger(name).disabled = True
        # Times without a zone are the session's, in UTC; Python would read them in the machine's.
        os.environ["TZ"] = "UTC"
        time.tzset()
        builder = SparkSession.builder.enableHiveSupport()
        for name, value in (QUIET | dict(target.server or {})).items():
            builder = builder.config(name, value)
        self.log = target.beside.with_name(f"{target.beside.name}.log")
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            opened = self.log.open("wb")
        except OSError as error:
            raise DataError(
                f"{self.log}, in which Spark says what it has to say, cannot be written: {error.strerror}. Name another"
                " directory: KPI_WAREHOUSE_DIR (docs/spark.md)."
            ) from None
        with opened as log, chdir(target.home), _stderr_to(log):
            try:
                self.spark = builder.getOrCreate()
                self.rows("show schemas")
            except Exception as error:  # Java that is not there, a master that does not answer: of many kinds.
                self.close()
                self._explain(first_line(error) if str(error) else type(error).__name__)

    def _explain(self, reason: str) -> None:
        """Raises the error that there is no session."""
        if _HELD in reason or _HELD in self.log.read_text(encoding="utf-8", errors="replace"):
            raise LockedError(
                f"Another process has the store of tables of {self.name} open, and it admits one at a time."
                " Wait until it is done (docs/spark.md)."
            ) from None
        raise DataError(
            f"The warehouse {self.name} cannot be opened: {reason} What Spark said is in {self.log}."
        ) from None

    def close(self) -> None:
        """Ends the session and its Java process, which would hold the store of tables as long as it lives."""
        from pyspark import SparkContext

        gateway = SparkContext._gateway
        spark = getattr(self, "spark", None)
        if spark is not None:
            # A Java process that has died, such as for want of memory, ends nothing.
            with suppress(*self.errors, OSError, AssertionError):
                spark.stop()
        if gateway is not None:
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait()
            SparkContext._gateway = SparkContext._jvm = None

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises LayoutError where a table or column is not there, and DataError otherwise."""
        with self._asking():
            return [tuple(row) for row in self._frame(sql, parameters).collect()]

    def each_row(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, of which a part at a time is here; raises what rows() does."""
        with self._asking():
            yield from map(tuple, self._frame(sql).toLocalIterator())

    def types(self, sql: str) -> dict[str, str]:
        """The columns of a query, each with the cluster's name for its type."""
        with self._asking():
            return dict(self._frame(sql).dtypes)

    def write_csv(self, sql: str, file: Path) -> None:
        """Writes the rows of a query as CSV with a header: nothing for null, quotes around all else."""
        with self._asking(), file.open("w", encoding="utf-8", newline="") as target:
            frame = self._frame(sql)
            for row in chain([frame.columns], frame.toLocalIterator()):
                target.write(",".join(map(_as_csv, row)) + "\n")

    def _frame(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        return self.spark.sql(spelled(sql), args=list(parameters) or None)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """What the cluster refuses becomes an error of ours."""
        try:
            yield
        except self.errors as error:
            said = _reason(error)
            if str(getattr(error, "getCondition", str)() or "").startswith(_LACKING):
                raise another_layout(self.name, said) from None
            raise DataError(f"The warehouse {self.name} refused a query: {said}") from None


@contextmanager
def _stderr_to(log: IO[bytes]) -> Iterator[None]:
    """A process that is started in the block has its stderr in a file."""
    kept = os.dup(2)
    try:
        os.dup2(log.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _reason(error: Exception) -> str:
    """What an error says in a line; one of Java says first by which call it came."""
    lines = str(error).splitlines()
    of_java = len(lines) > 1 and lines[0].startswith("An error occurred while calling ")
    return lines[1].lstrip(": ") if of_java else first_line(error)


def _as_csv(value: Any) -> str:
    """A value as other engines write it: nothing for null, quotes around all else."""
    if value is None:
        return ""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return '"' + (text.lower() if isinstance(value, bool) else text.replace('"', '""')) + '"'


def spelled(sql: str) -> str:
    """SQL of ours as the cluster takes it: names in backticks, texts with its escapes, its names of types."""
    return _PARTS.sub(lambda part: _spelled(part[0]), sql)


def _spelled(part: str) -> str:
    if part.startswith('"'):
        return "`" + part[1:-1].replace('""', '"').replace("`", "``") + "`"
    if part.startswith("'"):
        text = part[1:-1].replace("''", "'").replace("\\", "\\\\").replace("'", "\\'")
        return f"'{text}'"
    return _TYPES_THERE[part]


def named(target: Target) -> str:
    """What messages call a warehouse on a cluster."""
    return f"{target.name} ({(target.server or {}).get('spark.master', 'Spark')}, schema {target.schema})"


def property_of(opened: Session, schema: str, name: str) -> str | None:
    """A property of a schema, none where it has none, or is not there."""
    if not opened.rows(f"show schemas like {text_literal(schema)}"):
        return None
    described = dict(opened.rows(f"describe schema extended {schema}"))
    found = re.search(rf"\({re.escape(name)},(\w+)\)", str(described.get("Properties", "")))
    return found[1] if found else None


def built_in(opened: Session, schema: str) -> str:
    """The schema that the last run built for a target's schema: itself, where dbt built there without the runner."""
    return property_of(opened, schema, BUILT_IN) or schema


class SparkWarehouse(RemoteWarehouse):
    """An open warehouse on a cluster. Use as a context manager."""

    spelling = "spark"
    dialect = "spark"

    def __init__(self, target: Target) -> None:
        """Starts a session on the cluster of a target.

        Raises DataError where it cannot, or finds no finished run; LockedError where another process is in it.
        """
        self.session = Session(target)
        self.name = self.session.name
        # Asking takes a tenth of a second, and what a run has built stays as it is.
        self._relations: dict[str, list[str]] = {}
        self._shown_by = target.schema
        try:
            self.schema = built_in(self.session, target.schema)
            if not self.has_table("run_settings"):
                raise DataError(
                    f"The warehouse {self.name} holds no finished run. Build one with"
                    f" `kpi run --target {target.name}` (docs/spark.md)."
                )
            self.session.rows(f"use {self.schema}")
        except BaseException:
            self.session.close()
            raise

    def close(self) -> None:
        """Ends the session."""
        self.session.close()

    def check_unreplaced(self) -> None:
        """Raises DataError where a run has ended since the figures were opened: the next one builds where they lie."""
        if built_in(self.session, self._shown_by) != self.schema:
            raise DataError(f"The warehouse {self.name} was replaced by a run while it was read. Ask again.")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query of ours; raises what Warehouse.rows() does."""
        return self.session.rows(sql, parameters)

    def each_row(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """What Warehouse.each_row() gives."""
        return self.session.each_row(sql)

    def has_table(self, name: str) -> bool:
        """Whether a table or view of that name was built."""
        return name in self.relations(self.schema)

    def columns(self, name: str) -> list[str]:
        """The columns of a table or view that was built, in their order."""
        return list(self.session.types(f"select * from {self.schema}.{name}"))

    def all_columns(self) -> list[tuple[str, str, str]]:
        """What Warehouse.all_columns() gives, of the schemas of the run."""
        schemas = [name for (name,) in self.rows("show schemas") if f"{name}_".startswith(f"{self.schema}_")]
        return [
            (schema, table, column.lower())
            for schema in schemas
            for table in self.relations(schema)
            for column in self.session.types(f"select * from {schema}.{table}")
        ]

    def types_of(self, sql: str) -> Mapping[str, str]:
        """The columns of a query of ours, each with DuckDB's name for its type."""
        return {name: _TYPES.get(type_, type_) for name, type_ in self.session.types(sql).items()}

    def write_csv(self, sql: str, file: Path) -> None:
        """Writes the rows of a query of ours as CSV with a header."""
        self.session.write_csv(sql, file)

    def relations(self, schema: str) -> list[str]:
        """The tables and views of a schema, in the order of their names; asked once."""
        if schema not in self._relations:
            self._relations[schema] = sorted(str(row[1]) for row in self.rows(f"show tables in {schema}"))
        return self._relations[schema]
