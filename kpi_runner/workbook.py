"""Figures as a workbook: one sheet per theme, the scorecard before them and the definitions behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from kpi_runner.errors import DataError
from kpi_runner.warehouse import Warehouse

#: The most rows that a sheet can have, its header among them, and the most characters of a cell.
MOST_ROWS, MOST_CHARACTERS = 1_048_576, 32_767
#: Figures of days, then of weeks, are left out where a sheet would have more rows than people work with.
COMFORTABLE_ROWS = 50_000
_FINE_GRAINS = ("day", "week")

#: The number format of each unit. Percentages are stored as fractions.
UNIT_FORMATS = {
    "percent": "0.0%",
    "money": "#,##0.00",
    "days": "#,##0.0",
    "hours": "#,##0.0",
    "count": "#,##0.##",
    "ratio": "0.00",
}
_DATE_FORMAT = "yyyy-mm-dd"
#: Columns in their KPI's unit; changes in per cent are fractions whatever the unit.
_IN_UNIT = {"value", "previous_value", "change", "year_ago_value", "year_change", "healthy_low", "healthy_high"}
_FRACTIONS = {"change_pct", "year_change_pct"}
_WIDEST, _NARROWEST = 60, 8

_FIGURES = (
    "figures.kpi_id", "catalog.title", "figures.measure", "measures.unit", "figures.grain", "period_start",
    "period_end", "dimension", "dimension_value", "value", "cast(numerator as double precision) as numerator",
    "cast(denominator as double precision) as denominator", "row_count", "is_complete", "is_provisional",
)  # fmt: skip
_SCORECARD = (
    "goal", "goal_position", "figures.kpi_id", "catalog.title", "figures.measure", "figures.unit", "figures.grain",
    "period_start", "period_end", "value", "previous_value", "change", "change_pct", "year_ago_value", "year_change",
    "year_change_pct", "figures.healthy_low", "figures.low_is_exclusive", "figures.healthy_high",
    "figures.high_is_exclusive", "status", "is_provisional",
)  # fmt: skip
_DEFINITIONS = (
    "catalog.kpi_id", "number", "title", "theme", "question", "description", "measure", "measures.unit",
    "measures.basis", "measures.better", "measures.healthy_low", "measures.healthy_high", "measures.dimensions",
    "measures.needs", "measures.available", "measures.missing",
)  # fmt: skip


def write_workbook(warehouse: Warehouse, inside: str, path: Path) -> tuple[int, list[str]]:
    """Writes the workbook of the periods that the condition `inside` takes.

    Returns the rows of its figures, and the grains that were left out because they are too many.
    Raises DataError for a sheet that would have more rows than a sheet can.
    """
    left_out = _left_out(warehouse, inside)
    inside += "".join(f" and figures.grain <> '{grain}'" for grain in left_out)
    with _Workbook(path, warehouse.settings().calendar.as_of_local) as workbook:
        workbook.sheet("Scorecard", _SCORECARD, warehouse.rows(_scorecard_sql(inside)))
        written = 0
        for (theme,) in warehouse.rows("select distinct theme from kpi_catalog order by theme"):
            rows = warehouse.rows(_figures_sql(inside), [theme])
            written += workbook.sheet(theme.replace("_", " ").capitalize(), _FIGURES, rows)
        workbook.sheet("Definitions", _DEFINITIONS, warehouse.rows(_definitions_sql()))
    return written, left_out


def _left_out(warehouse: Warehouse, inside: str) -> list[str]:
    """The fine grains without which every sheet has no more rows than are comfortable."""
    counts = warehouse.rows(
        "select theme, grain, count(*) from kpi_values as figures"
        " inner join kpi_catalog as catalog on figures.kpi_id = catalog.kpi_id"
        f" where {inside} group by theme, grain"
    )
    left_out: list[str] = []
    for grain in _FINE_GRAINS:
        sheets: Counter[str] = Counter()
        for theme, counted, rows in counts:
            sheets[theme] += rows if counted not in left_out else 0
        if max(sheets.values(), default=0) <= COMFORTABLE_ROWS:
            break
        left_out.append(grain)
    return left_out


def _figures_sql(inside: str) -> str:
    return (
        f"select {', '.join(_FIGURES)} from kpi_values as figures"
        " inner join kpi_catalog as catalog on figures.kpi_id = catalog.kpi_id"
        " inner join kpi_measures as measures"
        " on figures.kpi_id = measures.kpi_id and figures.measure = measures.measure"
        f" where catalog.theme = ? and {inside}"
        " order by number nulls first, figures.kpi_id, measures.position, figures.grain, period_start,"
        " case when dimension = 'total' then 0 else 1 end, dimension, dimension_value"
    )


def _scorecard_sql(inside: str) -> str:
    return (
        f"select {', '.join(_SCORECARD)} from kpi_scorecard as figures"
        " inner join kpi_catalog as catalog on figures.kpi_id = catalog.kpi_id"
        " inner join kpi_measures as measures"
        " on figures.kpi_id = measures.kpi_id and figures.measure = measures.measure"
        f" where {inside}"
        " order by goal_position nulls last, number nulls first, figures.kpi_id, measures.position, figures.grain,"
        " period_start"
    )


def _definitions_sql() -> str:
    return (
        f"select {', '.join(_DEFINITIONS)} from kpi_catalog as catalog"
        " inner join kpi_measures as measures on catalog.kpi_id = measures.kpi_id"
        " order by number nulls first, catalog.kpi_id, position"
    )


class _Workbook:
    """A workbook being written, row by row to the disk. Use as a context manager."""

    def __init__(self, path: Path, created: datetime) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        # The date of the figures, not that of the day: the same figures give the same bytes.
        self._book.set_properties({"title": "Sales KPIs", "created": created})
        self._header = self._book.add_format({"bold": True, "bottom": 1, "bg_color": "#e8edf3", "valign": "top"})
        self._formats = {text: self._book.add_format({"num_format": text}) for text in UNIT_FORMATS.values()}
        self._date = self._book.add_format({"num_format": _DATE_FORMAT})
        self._general = self._book.add_format()

    def __enter__(self) -> _Workbook:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # Closing writes the file; of one that failed nothing is wanted.
        if kind is None:
            self._book.close()

    def _unused(self, name: str) -> str:
        """The name as a sheet may have it: of 31 characters at most, and no other's, whatever its capitals."""
        taken = {sheet.get_name().lower() for sheet in self._book.worksheets()}
        numbers = ("", *(f" {number}" for number in range(2, len(taken) + 2)))
        return next(cut for end in numbers if (cut := name[: 31 - len(end)] + end).lower() not in taken)

    def sheet(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Adds a table as a sheet: a header that stays in sight, a filter, formats and widths; returns its rows."""
        names = [column.rpartition(".")[2].rpartition(" ")[2] for column in columns]
        sheet = self._book.add_worksheet(self._unused(name))
        widths = [len(column) + 3 for column in names]
        sheet.write_row(0, 0, names, self._header)
        unit = names.index("unit")
        number = 0
        for number, row in enumerate(rows, start=1):
            if number >= MOST_ROWS:
                raise DataError(
                    f"--format xlsx: the sheet {name} would have more than {MOST_ROWS} rows. Give a shorter --period."
                )
            for place, value in enumerate(row):
                width = self._write(sheet, number, place, value, self._format(names[place], row[unit], value))
                if width > widths[place]:
                    widths[place] = width
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, number, len(names) - 1)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, min(max(width + 1, _NARROWEST), _WIDEST))
        return number

    def _format(self, column: str, unit: str, value: Any) -> Format:
        if isinstance(value, date):
            return self._date
        if column in _IN_UNIT:
            return self._formats.get(UNIT_FORMATS.get(unit, ""), self._general)
        if column in _FRACTIONS:
            return self._formats[UNIT_FORMATS["percent"]]
        return self._general

    def _write(self, sheet: Worksheet, row: int, column: int, value: Any, form: Format) -> int:
        """Writes one cell with its own type; returns about how many characters wide it is shown."""
        if value is None:
            return 0
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value, form)
            return 5
        if isinstance(value, date):
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), form)
            return 10
        if isinstance(value, int | float):
            if isfinite(value):
                sheet.write_number(row, column, value, form)
            return 12
        # A text stays a text, also one that begins like a formula.
        sheet.write_string(row, column, str(value)[:MOST_CHARACTERS], form)
        return len(str(value))
