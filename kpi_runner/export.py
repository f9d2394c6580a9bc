"""Exports: what dashboards read, as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_runner.files import written_together
from kpi_runner.periods import Period
from kpi_runner.render import csv_parts, json_parts
from kpi_runner.sql import lies_between
from kpi_runner.warehouse import Warehouse

#: Formats with one file per table, and those with one file for all.
TABLE_FORMATS = ("csv", "parquet", "json")
FORMATS = (*TABLE_FORMATS, "xlsx", "html")

#: The files of the formats with one file.
WORKBOOK, REPORT = "kpis.xlsx", "report.html"

_KEYS = "kpi_id, measure, grain, period_start, period_end, dimension, dimension_value"

#: What is exported: the relation, its order, and whether its rows lie in periods.
TABLES = (
    ("kpi_values", _KEYS, True),
    ("kpi_scorecard", "goal_position nulls last, kpi_id, measure, grain, period_start", True),
    ("kpi_catalog", "number nulls first, kpi_id", False),
)


@dataclass(frozen=True)
class Written:
    """A file that was written, what is in it, and what to note about it where that is not what was asked for."""

    file: str
    contents: str
    note: str = ""


def export(warehouse: Warehouse, period: Period, formats: Sequence[str], directory: Path) -> list[Written]:
    """Writes the figures in every format, all files or none; returns what was written.

    Of kpi_values and kpi_scorecard it takes the periods that lie in the asked one, all for `all`.
    Raises DataError where the directory cannot be written, or the period holds nothing to report on.
    """
    written: list[Written] = []
    inside = lies_between(*period.bounds)
    with written_together(directory) as paths:
        note_on_rows = _note_on_rows(warehouse, inside)
        for table, order, has_periods in TABLES:
            sql = f"select * from {table}{f' where {inside}' if has_periods else ''} order by {order}"
            for name in formats:
                if name in TABLE_FORMATS:
                    file = f"{table}.{name}"
                    rows = _WRITERS[name](warehouse, sql, paths[file])
                    note = note_on_rows if has_periods else ""
                    written.append(Written(file, f"{rows} rows", note))
        if "xlsx" in formats:
            # Imported here: who wants no workbook need not wait for its library; so below.
            from kpi_runner.workbook import write_workbook

            rows, left_out = write_workbook(warehouse, inside, paths[WORKBOOK])
            without = f", without figures by {' and '.join(left_out)}: too many for a sheet" if left_out else ""
            written.append(Written(WORKBOOK, f"{rows} rows{without}", note_on_rows))
        if "html" in formats:
            from kpi_runner.report import write_report

            span = write_report(warehouse, period, paths[REPORT])
            is_other = (span.start, span.end) != (period.start, period.end)
            note = f"what was asked for is no complete period of a grain that was built: {REPORT} is about {span.text}"
            written.append(Written(REPORT, f"the report of {span.text}", note if is_other else ""))
        warehouse.check_unreplaced()
    return written


def _note_on_rows(warehouse: Warehouse, inside: str) -> str:
    """That no figure fulfils the condition of the asked period, where none does."""
    if warehouse.rows(f"select 1 from kpi_values where {inside} limit 1"):
        return ""
    return "nothing that was built lies in --period, so kpi_values and kpi_scorecard have no rows"


def _write_parquet(warehouse: Warehouse, sql: str, path: Path) -> int:
    return warehouse.write_parquet(sql, path)


def _write_csv(warehouse: Warehouse, sql: str, path: Path) -> int:
    return _write_parts(csv_parts(warehouse.columns_of(sql), warehouse.each_row(sql)), path)


def _write_json(warehouse: Warehouse, sql: str, path: Path) -> int:
    columns = warehouse.columns_of(sql)
    rows: Iterator[Sequence[Any]] = warehouse.each_row(sql)
    if "definition" in columns:
        place = columns.index("definition")
        rows = ((*row[:place], json.loads(row[place]), *row[place + 1 :]) for row in rows)
    return _write_parts(json_parts(columns, rows), path)


def _write_parts(parts: Iterator[str], path: Path) -> int:
    """Writes a text that has one part more than rows; returns how many rows."""
    with path.open("w", encoding="utf-8") as file:
        return sum(file.write(part) > 0 for part in parts) - 1


_WRITERS: dict[str, Callable[[Warehouse, str, Path], int]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "json": _write_json,
}
