"""What the last run left behind: its settings, its catalog, its figures. Read-only, without dbt."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from kpi_runner.clock import week_start_number
from kpi_runner.errors import DataError, LayoutError, UsageError
from kpi_runner.periods import Calendar
from kpi_runner.profiles import Target
from kpi_runner.sql import quoted, text_literal

#: So many rows are fetched together of a query that may have many.
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class MeasureInfo:
    """A measure of a KPI as the catalog has it."""

    measure: str
    unit: str | None
    basis: str | None
    better: str | None
    healthy_low: float | None
    healthy_high: float | None
    low_is_exclusive: bool
    high_is_exclusive: bool
    healthy_grains: tuple[str, ...]
    dimensions: tuple[str, ...]
    needs: tuple[str, ...]
    available: bool
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Kpi:
    """A KPI as the catalog has it; `spec` is what rollup.sql takes (see its head)."""

    kpi_id: str
    number: int | None
    title: str
    theme: str
    question: str | None
    description: str
    dimensions: tuple[str, ...]
    spec: dict[str, Any]
    measures: tuple[MeasureInfo, ...]

    @property
    def primary(self) -> MeasureInfo:
        """The measure that speaks for the KPI."""
        return self.measures[0]

    def named(self, measure: str) -> str:
        """How a measure is named to people: `kpi.measure`, or the KPI alone where both are called the same."""
        return self.kpi_id if measure == self.kpi_id else f"{self.kpi_id}.{measure}"


@dataclass(frozen=True)
class RunSettings:
    """The settings that the last run built with."""

    timezone: str
    cohort_window_days: int
    calendar: Calendar


class Warehouse:
    """An open warehouse, in a file of DuckDB. Use as a context manager.

    `name` is what messages call it, `spelling` whose spelling of the roll-up's macros its engine takes, `dialect` what
    sqlglot calls the SQL of its models.
    """

    name: str
    schema: str
    spelling: str = "default"
    dialect: str = "duckdb"

    def __init__(self, path: Path, schema: str = "main") -> None:
        """Opens the file read-only, and in it the schema of the target.

        Raises DataError where there is no such file, or no finished run in it. What reads it then raises LayoutError
        where it lacks what this version of the project builds.
        """
        if not path.is_file():
            raise DataError(f"There is no warehouse at {path} yet. Build one with `kpi run` or `kpi demo`.")
        try:
            self.connection = duckdb.connect(str(path), read_only=True)
        except duckdb.Error as error:
            raise DataError(f"The warehouse {path} cannot be opened: {first_line(error)}") from None
        self.name = str(path)
        self.schema = schema
        # The bar would stand in the data: DuckDB draws it on stdout.
        self.connection.execute("set enable_progress_bar = false")
        if self.has_table("run_settings"):
            self.rows(f"set schema = {text_literal(quoted(schema))}")
        else:
            self.connection.close()
            raise DataError(f"The warehouse {path} holds no finished run. Build one with `kpi run`.")

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def check_unreplaced(self) -> None:
        """Raises DataError where what was read may be of two runs: of a file never, it stays as it was opened."""

    @contextmanager
    def to_publish(self) -> Iterator[Warehouse]:
        """The warehouse as one in a file of DuckDB, with all that is published and compared."""
        yield self

    def schema_of(self, folder: str) -> str:
        """The schema that the models of a folder lie in, by macros/generate_schema_name.sql."""
        return folder if self.schema == "main" else f"{self.schema}_{folder}"

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query of ours.

        Raises LayoutError where the warehouse lacks a table or column of it, and DataError where it refuses otherwise.
        """
        with self._refusals():
            return self.connection.execute(sql, parameters).fetchall()

    def each_row(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query of ours one by one, where they may be too many for a list; raises what rows() does.

        Nothing else may be asked before the last of them.
        """
        with self._refusals():
            asked = self.connection.execute(sql)
            while rows := asked.fetchmany(ROWS_AT_ONCE):
                yield from rows

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """What DuckDB refuses becomes an error of ours."""
        try:
            yield
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise self.of_another_layout(first_line(error)) from None
        except duckdb.Error as error:
            raise DataError(f"The warehouse {self.name} refused a query: {first_line(error)}") from None

    def of_another_layout(self, what: str) -> LayoutError:
        """The error that the warehouse lacks something which every finished run of this version leaves."""
        return another_layout(self.name, what)

    def has_table(self, name: str) -> bool:
        """Whether a table or view of that name was built."""
        found = self.rows(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?", [self.schema, name]
        )
        return bool(found)

    def columns(self, name: str) -> list[str]:
        """The columns of a table or view that was built, in their order."""
        return [
            column
            for (column,) in self.rows(
                "select column_name from information_schema.columns where table_schema = ? and table_name = ?"
                " order by ordinal_position",
                [self.schema, name],
            )
        ]

    def all_columns(self) -> list[tuple[str, str, str]]:
        """Schema, table or view, and column in lower case, of everything that was built; columns in their order."""
        found: list[Any] = self.rows(
            "select table_schema, table_name, lower(column_name) from information_schema.columns"
            " order by ordinal_position"
        )
        return found

    def columns_of(self, sql: str) -> list[str]:
        """The columns of a query of ours."""
        return [name for name, *_ in self.rows(f"describe {sql}")]

    def write_parquet(self, sql: str, file: Path) -> int:
        """Writes the rows of a query of ours as a Parquet file, with the query's own types; returns how many."""
        ((count,),) = self.rows(f"copy ({sql}) to ? (format parquet)", [str(file)])
        return int(count)

    def parquet_bytes(self, sql: str) -> bytes:
        """The rows of a query of ours as a Parquet file, with the types that the query gives."""
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "rows.parquet"
            self.write_parquet(sql, file)
            return file.read_bytes()

    def settings(self) -> RunSettings:
        """The settings of the last run. Raises LayoutError where it has left none."""
        found = self.rows(
            "select as_of_local, first_event_on, timezone, week_start, fiscal_year_start_month,"
            " cohort_window_days from run_settings"
        )
        if len(found) != 1:
            raise self.of_another_layout(f"run_settings has {len(found)} rows, not one")
        ((local, first_event_on, timezone, week_start, fiscal, window),) = found
        calendar = Calendar(local, week_start_number(week_start), fiscal, first_event_on)
        return RunSettings(timezone, window, calendar)

    def catalog(self) -> list[Kpi]:
        """Every KPI of the project, base metrics first, then by number."""
        measures: dict[str, list[MeasureInfo]] = {}
        names = [field.name for field in fields(MeasureInfo)]
        for kpi_id, *values in self.rows(
            f"select kpi_id, {', '.join(names)} from kpi_measures order by kpi_id, position"
        ):
            columns = dict(zip(names, values, strict=True))
            columns |= {name: _listed(columns[name]) for name in ("healthy_grains", "dimensions", "needs", "missing")}
            measures.setdefault(kpi_id, []).append(MeasureInfo(**columns))
        catalog = self.rows(
            "select kpi_id, number, title, theme, question, description, dimensions, definition"
            " from kpi_catalog order by number nulls first, kpi_id"
        )
        without = [kpi_id for kpi_id, *_ in catalog if kpi_id not in measures]
        if without:
            raise self.of_another_layout(f"kpi_measures has none of {', '.join(without)}")
        return [
            Kpi(
                kpi_id,
                number,
                title,
                theme,
                question,
                description,
                _listed(dimensions),
                json.loads(spec),
                tuple(measures[kpi_id]),
            )
            for kpi_id, number, title, theme, question, description, dimensions, spec in catalog
        ]

    def kpis(self, names: Sequence[str]) -> list[Kpi]:
        """The KPIs of these names. Raises UsageError, with the nearest name, for one that is none."""
        known = {kpi.kpi_id: kpi for kpi in self.catalog()}
        for name in names:
            if name not in known:
                raise UsageError(f"There is no KPI {name!r}.{nearest(name, known)} See `kpi list`.")
        return [known[name] for name in dict.fromkeys(names)]

    def missing_for(self, kpi_id: str, measure: str, dimension: str | None) -> list[str]:
        """What a measure, or a dimension of it, needs and no source system delivers."""
        return self._missing.get((kpi_id, measure, dimension), [])

    @cached_property
    def _missing(self) -> dict[tuple[str, str, str | None], list[str]]:
        """What is missing for each KPI, measure and dimension that lacks something; read once."""
        found: dict[tuple[str, str, str | None], list[str]] = {}
        for *key, missing in self.rows(
            "select kpi_id, measure, dimension, missing from unavailable_measures order by missing"
        ):
            kpi_id, measure, dimension = key
            found.setdefault((kpi_id, measure, dimension), []).append(missing)
        return found


def another_layout(name: str, what: str) -> LayoutError:
    """The error that a warehouse of that name lacks something which every finished run of this version leaves."""
    return LayoutError(
        f"The warehouse {name} was built by another version of the project, or not finished ({what})."
        " Run `kpi run` again."
    )


def opened(target: Target) -> Warehouse:
    """The warehouse that a target has built. Raises what the opening of one does."""
    if target.server is None:
        return Warehouse(target.path, target.schema)
    # Imported here: who reads a file need not have what speaks to servers.
    if target.engine == "spark":
        from kpi_runner.spark import SparkWarehouse

        return SparkWarehouse(target)
    from kpi_runner.postgres import PostgresWarehouse

    return PostgresWarehouse(target)


def nearest(name: str, known: Sequence[str] | dict[str, Any]) -> str:
    """` Did you mean …?` with the nearest known name, or nothing."""
    matches = get_close_matches(name, list(known), n=1)
    return f" Did you mean {matches[0]}?" if matches else ""


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def first_line(error: Exception) -> str:
    """What an engine says in the first line of its error."""
    return str(error).splitlines()[0]
