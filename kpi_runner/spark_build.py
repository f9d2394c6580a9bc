"""Where a warehouse on a Spark cluster is built: in one of two schemas, in turn, which the target's schema then shows.

The schema `kpi` is built as `kpi__1`, and by the next run as `kpi__2`, each with those of its folders, such as
`kpi__1_staging`. Then `kpi` gets a view of each table, and a property says which of the two it shows: `kpi` reads that,
so that it never sees figures of two runs. What a run has replaced stays until the next one, for who reads it still.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from kpi_runner.dbt_log import entities
from kpi_runner.delivered import FILES, HEADER_COLUMNS, HEADERS, files_of_build, header_rows, read_as_texts
from kpi_runner.errors import DataError
from kpi_runner.profiles import Target
from kpi_runner.project import Project
from kpi_runner.spark import BUILT_IN, Session, built_in, named, property_of
from kpi_runner.sql import csv_rows, quoted, text_literal
from kpi_runner.warehouse import first_line
from kpi_runner.workplace import Workplace, beside, locked, own_directory

#: What follows the target's schema in the names of the two that are built in turn.
IN_TURN = ("__1", "__2")

#: The property of a target's schema that names the schema which its views are of; when a run was killed while they were
#: replaced, that is not the one which the last run built.
VIEWS_OF = "kpi.views_of"


@contextmanager
def beside_cluster(target: Target) -> Iterator[Workplace]:
    """A workplace for the one run that may build a target's schema.

    What it leaves unfinished is cleared away by the next. Raises LockedError while another run builds, or reads where
    the store of tables admits one process, and DataError where there is no session.
    """
    with (
        locked(beside(target.beside, "lock"), f"building {named(target)}", target.beside) as lock,
        own_directory(target.beside) as directory,
    ):
        opened = Session(target)
        try:
            shown = built_in(opened, target.schema)
            building = next(name for end in IN_TURN if (name := target.schema + end) != shown)
            engine = f"Spark {version('pyspark')}"
            place = ClusterWorkplace(directory, lock, {"schema": building}, {}, engine, target, building, opened)
            place.finish_views(shown)
            place.clear()
        except BaseException:
            opened.close()
            raise
        try:
            yield place
        finally:
            place.leave()


@dataclass
class ClusterWorkplace(Workplace):
    """One of the two schemas of a target. `opened` is a session, none while dbt has one of its own."""

    target: Target
    building: str
    opened: Session | None

    @property
    def session(self) -> Session:
        """A session on the cluster."""
        if self.opened is None:
            self.opened = Session(self.target)
        return self.opened

    def leave(self) -> None:
        """Ends the session, if there is one."""
        if self.opened is not None:
            self.opened.close()
            self.opened = None

    def clear(self) -> None:
        """Drops what is in the schemas that will be built."""
        for (schema,) in self.session.rows("show schemas"):
            if schema == self.building or schema.startswith(f"{self.building}_"):
                self.session.rows(f"drop schema {schema} cascade")

    # --- Before the build

    def receive(self, manifest: Path, project: Project, variables: Mapping[str, Any]) -> None:
        """Loads the files that the build reads, and leaves the store of tables to dbt.

        Raises DataError for a file that cannot be read.
        """
        delivering = entities(manifest)
        self.session.rows(f"create schema {self.building}_{FILES}")
        headers = []
        for file, name in files_of_build(manifest, project, variables, delivering).items():
            table = re.sub("[./]", "__", name)
            headers += header_rows(table, self._load(file, table, project, delivering))
        self._write(f"{self.building}_{FILES}.{HEADERS}", HEADER_COLUMNS, headers)
        self.leave()

    def _load(self, file: Path, name: str, project: Project, delivering: Mapping[str, str]) -> list[str]:
        """Loads a file into a table of texts of that name; returns the file's header."""
        text = self.directory / "delivered.csv"
        read = read_as_texts(file, text, project.directory, delivering)
        columns = read.columns or ["nothing"]
        table = f"{self.building}_{FILES}.{name}"
        listed = ", ".join(f"{quoted(column)} varchar" for column in columns)
        self.session.rows(f"create table {table} ({listed}) using parquet")
        if read.header:
            self._put(text, columns, self._place_of(table))
            text.unlink()
            self.session.rows(f"refresh table {table}")
        return read.header

    def _place_of(self, table: str) -> Path:
        """The directory of a table. Raises DataError where this machine does not see it."""
        described = self.session.rows(f"describe formatted {table}")
        (location,) = [value for name, value, _ in described if name == "Location"]
        path = str(location).removeprefix("file:")
        if not path.startswith("/"):
            raise DataError(
                f"The warehouse {named(self.target)} lies at {location}, where this machine can write no files. Make"
                " tables of them there, and name their schema: --set data_dir=SCHEMA (docs/spark.md)."
            )
        return Path(path)

    def _put(self, text: Path, columns: Sequence[str], place: Path) -> None:
        """Writes texts of a CSV file, without a header, as the file of a table, in the same order."""
        rows = csv_rows(text, dict.fromkeys(columns, "varchar"), header=False)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with duckdb.connect() as connection:
                connection.execute("set enable_progress_bar = false")
                file = text_literal(str(place / "delivered.parquet"))
                connection.execute(f"copy (from {rows}) to {file} (format parquet)")
        except (duckdb.Error, OSError) as error:
            raise DataError(
                f"The warehouse {named(self.target)} cannot be built: {first_line(error)}\nNothing was changed."
            ) from None

    # --- After the build

    @contextmanager
    def before(self) -> Iterator[Mapping[str, str] | None]:
        """Nothing: a build on Spark makes every figure."""
        yield None

    def is_built(self) -> bool:
        """Whether the models are there that every build makes."""
        found = self.session.rows(f"show schemas like {text_literal(self.building)}")
        return bool(found) and bool(self.session.rows(f"show tables in {self.building} like 'run_settings'"))

    def write(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        """Writes a table of texts. Raises DataError where it cannot."""
        self._write(f"{self.building}.{table}", columns, rows)

    def _write(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        listed = ", ".join(f"{quoted(column)} varchar" for column in columns)
        self.session.rows(f"create table {name} ({listed}) using parquet")
        if rows:
            values = ", ".join(f"({', '.join('null' if v is None else text_literal(v) for v in row)})" for row in rows)
            self.session.rows(f"insert into {name} values {values}")

    def take_place(self) -> None:
        """Has the commands read what was built, and then the target's schema show it. Raises DataError.

        What was built is whole by then. So a run that is killed in here has taken place, and the next one ends what it
        had begun.
        """
        self.session.rows(f"create schema if not exists {self.target.schema}")
        self._mark(BUILT_IN, self.building)
        self._show(self.building)

    def finish_views(self, shown: str) -> None:
        """Makes the views of what the commands read, where a run was killed before it had made all."""
        if shown != self.target.schema and property_of(self.session, self.target.schema, VIEWS_OF) != shown:
            self._show(shown)

    def _show(self, built: str) -> None:
        """Makes the target's schema have a view of each table of one of the two, and of no other."""
        schema = self.target.schema
        views, tables = self._names("views", schema), self._names("tables", built)
        # A table of the same name is of a build by dbt without the runner.
        for name in (self._names("tables", schema) - views) & tables:
            self.session.rows(f"drop table {schema}.{name}")
        for name in sorted(tables):
            self.session.rows(f"create or replace view {schema}.{name} as select * from {built}.{name}")
        for other in self._in_turn() - {built}:
            for name in (self._names("tables", other) & views) - tables:
                self.session.rows(f"drop view {schema}.{name}")
        self._mark(VIEWS_OF, built)

    def _in_turn(self) -> set[str]:
        """Those of the two schemas that are there."""
        return {self.target.schema + end for end in IN_TURN} & {name for (name,) in self.session.rows("show schemas")}

    def _mark(self, name: str, value: str) -> None:
        """Gives the target's schema a property."""
        given = f"{text_literal(name)} = {text_literal(value)}"
        self.session.rows(f"alter schema {self.target.schema} set dbproperties ({given})")

    def _names(self, kind: str, schema: str) -> set[str]:
        """The names of the tables (with the views) or the views of a schema."""
        return {row[1] for row in self.session.rows(f"show {kind} in {schema}")}
