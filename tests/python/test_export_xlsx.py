"""`kpi export --format xlsx`: sheets that a spreadsheet can work with, with the figures of `kpi query`."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from kpi_runner import workbook as writing
from tests.python.conftest import Built, Warehouse

THEMES = ["Acquisition", "Activity", "Base", "Customers", "Leads", "Pipeline", "Revenue"]
FORMATS = {
    "percent": "0.0%",
    "money": "#,##0.00",
    "days": "#,##0.0",
    "hours": "#,##0.0",
    "count": "#,##0.##",
    "ratio": "0.00",
}


@pytest.fixture(scope="module")
def warehouse(small: Built) -> Warehouse:
    return small.warehouse


def exported(warehouse: Warehouse, directory: Path, period: str = "2026") -> Path:
    """The workbook of a period."""
    result = warehouse.call("export", "--period", period, "--format", "xlsx", "-o", str(directory))
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    assert str(directory / "kpis.xlsx") in result.stderr
    return directory / "kpis.xlsx"


@pytest.fixture(scope="module")
def file(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(warehouse, tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="module")
def book(file: Path) -> Workbook:
    return openpyxl.load_workbook(file)


def sheet_of(book: Workbook, name: str) -> Worksheet:
    found = book[name]
    assert isinstance(found, Worksheet)
    return found


def header(sheet: Worksheet) -> list[str]:
    return [str(cell.value) for cell in sheet[1]]


def cells(sheet: Worksheet) -> list[dict[str, Any]]:
    """The cells of each row under the header, by column."""
    names = header(sheet)
    return [dict(zip(names, row, strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_one_sheet_per_theme(book: Workbook) -> None:
    assert book.sheetnames == ["Scorecard", *THEMES, "Definitions"]


@pytest.mark.parametrize("name", ["Scorecard", *THEMES, "Definitions"])
def test_a_sheet_can_be_worked_with(book: Workbook, name: str) -> None:
    """The header stays in sight, every column can be filtered, and its texts can be read."""
    sheet = sheet_of(book, name)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert all(cell.font.b for cell in sheet[1])
    for place, cells_of_column in enumerate(sheet.iter_cols(), start=1):
        # Neighbours of the same width stand as one entry in the file.
        (width,) = [d.width for d in sheet.column_dimensions.values() if (d.min or 0) <= place <= (d.max or 0)]
        longest = max(len(str(cell.value)) for cell in cells_of_column if cell.value is not None)
        assert width > min(longest if isinstance(cells_of_column[-1].value, str) else 8, 59), cells_of_column[0].value


def test_numbers_and_dates_are_real(book: Workbook) -> None:
    units = Counter[str]()
    for theme in THEMES:
        for row in cells(sheet_of(book, theme)):
            unit = row["unit"].value
            for name in ("period_start", "period_end"):
                assert isinstance(row[name].value, datetime)
                assert row[name].number_format == "yyyy-mm-dd"
            if row["value"].value is not None:
                units[unit] += 1
                assert isinstance(row["value"].value, int | float)
                assert row["value"].number_format == FORMATS[unit]
            assert isinstance(row["row_count"].value, int)
            assert isinstance(row["is_complete"].value, bool)
    assert {"percent", "money", "days", "count", "ratio"} <= set(units)


def test_changes_are_percentages_whatever_the_unit(book: Workbook) -> None:
    changes = [row["change_pct"] for row in cells(sheet_of(book, "Scorecard")) if row["change_pct"].value is not None]
    assert changes
    assert {cell.number_format for cell in changes} == {"0.0%"}


def test_the_figures_are_those_of_the_query(book: Workbook, warehouse: Warehouse) -> None:
    """By month and by rep and month, for every KPI that is available."""
    in_sheets = {
        (row["kpi_id"].value, row["measure"].value, row["grain"].value, str(row["period_start"].value.date()),
         row["dimension"].value, row["dimension_value"].value): row["value"].value
        for theme in THEMES
        for row in cells(sheet_of(book, theme))
    }  # fmt: skip
    compared = 0
    for kpi_id, entry in warehouse.catalog().items():
        if not entry["available"]:
            assert not any(key[:2] == (kpi_id, entry["measures"][0]["measure"]) for key in in_sheets)
            continue
        for dimension in ("total", "rep"):
            if dimension != "total" and dimension not in entry["measures"][0]["dimensions"]:
                continue
            by = ["--by", dimension] if dimension != "total" else []
            for found in warehouse.query(kpi_id, "--period", "2026", "--grain", "month", *by):
                slice_value = found.get(dimension, "total")
                key = (kpi_id, found["measure"], "month", found["period_start"], dimension, slice_value)
                assert in_sheets[key] == found["value"], key
                compared += found["value"] is not None
    assert compared > 150


def test_all_rows_of_the_period(book: Workbook, warehouse: Warehouse) -> None:
    """Also days, where there are not too many for a sheet."""
    rows = sum(sheet_of(book, theme).max_row - 1 for theme in THEMES)
    inside = "period_start >= date '2026-01-01' and period_end <= date '2027-01-01'"
    assert warehouse.rows(f"select count(*), count(distinct grain) from kpi_values where {inside}") == [(rows, 7)]
    scorecard = sheet_of(book, "Scorecard").max_row - 1
    assert warehouse.rows(f"select count(*) from kpi_scorecard where {inside}") == [(scorecard,)]


def test_definitions(book: Workbook, warehouse: Warehouse) -> None:
    rows = cells(sheet_of(book, "Definitions"))
    assert len(rows) == warehouse.rows("select count(*) from kpi_measures")[0][0]
    described = {row["kpi_id"].value: row["description"].value for row in rows}
    assert described == dict(warehouse.rows("select kpi_id, description from kpi_catalog"))


def test_the_same_figures_give_the_same_bytes(file: Path, warehouse: Warehouse, tmp_path: Path) -> None:
    assert exported(warehouse, tmp_path).read_bytes() == file.read_bytes()


def test_texts_stay_texts(warehouse: Warehouse, tmp_path: Path) -> None:
    """A name that begins like a formula is none, and an address no link; what is too long for a cell is cut."""
    copy = Warehouse(tmp_path / "copy")
    copy.directory.mkdir()
    shutil.copy(warehouse.path, copy.path)
    names = ["=1+1", "https://example.org/x", "'quoted", "a\x07b", "<b>", "x" * 40_000]
    with duckdb.connect(str(copy.path)) as connection:
        for name in names:
            connection.execute(
                "insert into kpi_figures by name (select * replace (? as dimension_value) from kpi_figures"
                " where kpi_id = 'won_deals' and grain = 'month' and dimension = 'rep' limit 1)",
                [name],
            )
    book = openpyxl.load_workbook(exported(copy, tmp_path / "out", "all"))
    shown = {row["dimension_value"].value: row["dimension_value"] for row in cells(sheet_of(book, "Base"))}
    for name in names:
        cell = shown[name[: writing.MOST_CHARACTERS]] if "\x07" not in name else shown["a_x0007_b"]
        assert cell.data_type == "s"
        assert cell.hyperlink is None


def test_what_is_too_fine_for_a_sheet_is_left_out_and_said(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "COMFORTABLE_ROWS", 500)
    options = ("--period", "2026", "--format", "xlsx", "-o", str(tmp_path))
    result = warehouse.call("export", *options)
    assert result.exit_code == 0
    assert "without figures by day and week" in result.stderr
    book = openpyxl.load_workbook(tmp_path / "kpis.xlsx")
    for name in ("Scorecard", *THEMES):
        grains = {row["grain"].value for row in cells(sheet_of(book, name))}
        assert not grains & {"day", "week"}
        assert name not in ("Base", "Scorecard") or grains >= {"month", "quarter"}


def test_more_rows_than_a_sheet_can_have_are_refused(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written, and what was there stays."""
    (tmp_path / "kpis.xlsx").write_text("earlier", encoding="utf-8")
    monkeypatch.setattr(writing, "MOST_ROWS", 50)
    result = warehouse.call("export", "--period", "2026", "--format", "csv,xlsx", "-o", str(tmp_path))
    assert (result.exit_code, result.stdout) == (3, "")
    assert "--period" in result.stderr
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {"kpis.xlsx": "earlier"}


def test_sheets_are_told_apart(tmp_path: Path) -> None:
    """Themes are folders of any name, and a sheet's has 31 characters at most."""
    theme = "customer_success_and_account_growth"
    with writing._Workbook(tmp_path / "book.xlsx", datetime(2026, 1, 1)) as written:
        for name in (theme, theme.upper(), f"{theme}_2", "definitions", "Definitions"):
            written.sheet(name, ["unit"], [])
    names = openpyxl.load_workbook(tmp_path / "book.xlsx").sheetnames
    assert names == [theme[:31], f"{theme.upper()[:29]} 2", f"{theme[:29]} 3", "definitions", "Definitions 2"]
