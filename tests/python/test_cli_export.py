"""`kpi export`: the files, the same content in every format, and all of them or none."""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kpi_runner import export as exporting
from kpi_runner.warehouse import ROWS_AT_ONCE
from kpi_runner.warehouse import Warehouse as OpenWarehouse
from tests.python.conftest import FIGURE_COLUMNS, Built, Warehouse, as_text, records

TABLES = ("kpi_values", "kpi_scorecard", "kpi_catalog")
FORMATS = ("csv", "parquet", "json")
VALUE_COLUMNS = [
    "kpi_id", "measure", "grain", "period_start", "period_end", "dimension", "dimension_value",
    "numerator", "denominator", "value", "row_count", "is_complete", "is_provisional",
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(small: Built) -> Warehouse:
    return small.warehouse


@pytest.fixture(scope="module")
def exported(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the small company's export of 2026 in every format."""
    directory = tmp_path_factory.mktemp("exported")
    options = ("--period", "2026", "--format", ",".join(FORMATS), "-o", str(directory))
    result = warehouse.call("export", *options)
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    assert "as of 2026-07-01 00:00:00 UTC" in result.stderr
    return directory


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of an exported file."""
    if file.suffix == ".csv":
        return list(records(file.read_text(encoding="utf-8")))
    if file.suffix == ".json":
        found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        return found
    with duckdb.connect() as connection:
        result = connection.execute("select * from read_parquet(?)", [str(file)])
        assert result.description is not None
        names = [name for name, *_ in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_the_files(exported: Path) -> None:
    names = {f"{table}.{suffix}" for table in TABLES for suffix in FORMATS}
    assert {file.name for file in exported.iterdir()} == names


def test_csv_is_the_default(warehouse: Warehouse, tmp_path: Path) -> None:
    assert warehouse.call("export", "-o", str(tmp_path / "new" / "place")).exit_code == 0
    found = {file.name for file in (tmp_path / "new" / "place").iterdir()}
    assert found == {f"{table}.csv" for table in TABLES}


@pytest.mark.parametrize("suffix", FORMATS)
def test_columns_of_kpi_values(exported: Path, suffix: str) -> None:
    assert list(read(exported / f"kpi_values.{suffix}")[0]) == VALUE_COLUMNS


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("suffix", ["parquet", "json"])
def test_the_same_content_in_every_format(exported: Path, table: str, suffix: str) -> None:
    csv.field_size_limit(10**7)
    lines, rows = read(exported / f"{table}.csv"), read(exported / f"{table}.{suffix}")
    assert len(lines) == len(rows) > 0
    for line, row in zip(lines, rows, strict=True):
        assert list(line) == list(row)
        for name, value in row.items():
            if name == "definition":
                given = json.loads(value) if isinstance(value, str) else value
                assert json.dumps(given, default=float) == json.dumps(json.loads(line[name]))
            else:
                assert as_text(value) == line[name], name


def test_all_of_kpi_values(warehouse: Warehouse, tmp_path: Path) -> None:
    options = ("export", "--format", "parquet", "-o", str(tmp_path))
    assert warehouse.call(*options).exit_code == 0
    rows = read(tmp_path / "kpi_values.parquet")
    listed = ", ".join(VALUE_COLUMNS)
    built = warehouse.rows(f"select {listed} from kpi_values")
    assert Counter(tuple(row.values()) for row in rows) == Counter(built)


def test_more_rows_than_are_fetched_at_once(warehouse: Warehouse) -> None:
    sql = f"select {FIGURE_COLUMNS} from kpi_values order by all"
    with OpenWarehouse(warehouse.path) as whole:
        rows = whole.rows(sql)
        assert len(rows) > 2 * ROWS_AT_ONCE
        assert list(whole.each_row(sql)) == rows


def test_periods_that_lie_in_the_asked_one(warehouse: Warehouse, exported: Path) -> None:
    rows = read(exported / "kpi_values.parquet")
    built = warehouse.rows(
        "select count(*) from kpi_values where period_start >= date '2026-01-01' and period_end <= date '2027-01-01'"
    )
    assert [(len(rows),)] == built
    assert {row["grain"] for row in rows} > {"day", "month", "year"}


@pytest.mark.parametrize("formats", ["csv", "json", "parquet", "xlsx", "csv,json,parquet,xlsx"])
def test_a_period_with_nothing_in_it_is_noted(warehouse: Warehouse, tmp_path: Path, formats: str) -> None:
    result = warehouse.call("export", "--period", "1999", "--format", formats, "-o", str(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "")
    notes = [line for line in result.stderr.splitlines() if line.startswith("note: ")]
    assert notes == ["note: nothing that was built lies in --period, so kpi_values and kpi_scorecard have no rows"]
    assert list(tmp_path.iterdir()) != []


def test_a_period_with_figures_needs_no_note(warehouse: Warehouse, tmp_path: Path) -> None:
    options = ("--period", "2026-05", "--format", "csv,xlsx,html", "-o", str(tmp_path))
    assert "note: " not in warehouse.call("export", *options).stderr


@pytest.mark.parametrize(
    ("period", "reported"),
    [("2026", "2026-06"), ("all", "2026-06"), ("2026-05-04..2026-05-12", "2026-W19")],
)
def test_a_report_of_another_period_is_noted(warehouse: Warehouse, tmp_path: Path, period: str, reported: str) -> None:
    result = warehouse.call("export", "--period", period, "--format", "html", "-o", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    assert (
        f"note: what was asked for is no complete period of a grain that was built: report.html is about {reported}\n"
        in (result.stderr)
    )


@pytest.mark.parametrize("formats", ["csv,doc", "doc", "", "csv,"])
def test_an_unknown_format(warehouse: Warehouse, tmp_path: Path, formats: str) -> None:
    result = warehouse.call("export", "--format", formats, "-o", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--format" in result.stderr
    assert "csv, parquet, json" in result.stderr
    assert not (tmp_path / "out").exists()


# --- All files or none


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def earlier(warehouse: Warehouse, tmp_path: Path) -> Path:
    """A directory with an earlier export."""
    options = ("--period", "2025", "--format", "csv,json", "-o", str(tmp_path / "out"))
    assert warehouse.call("export", *options).exit_code == 0
    return tmp_path / "out"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_writer_that_fails_leaves_the_earlier_files(
    warehouse: Warehouse, earlier: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """The last format of the second table fails, after several files were written."""
    before = contents(earlier)
    write = exporting._WRITERS["json"]

    def failing(opened: Any, sql: str, path: Path) -> int:
        if path.name == "kpi_scorecard.json":
            path.write_text("[", encoding="utf-8")
            raise error
        return write(opened, sql, path)

    monkeypatch.setitem(exporting._WRITERS, "json", failing)
    options = ("export", "--format", "csv,json", "-o", str(earlier))
    result = warehouse.call(*options)
    assert result.exit_code != 0
    assert contents(earlier) == before
    assert {path.name for path in earlier.iterdir()} == set(before)


def test_a_place_that_cannot_be_taken_leaves_the_earlier_files(warehouse: Warehouse, earlier: Path) -> None:
    """The last file's name is a directory: none of the others may have been replaced."""
    (earlier / "kpi_catalog.csv").unlink()
    (earlier / "kpi_catalog.csv").mkdir()
    before = contents(earlier)
    result = warehouse.call("export", "--format", "csv", "-o", str(earlier))
    assert result.exit_code == 3
    assert str(earlier) in result.stderr
    assert contents(earlier) == before


def test_an_output_that_is_a_file(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    result = warehouse.call("export", "-o", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_what_killed_exports_left_is_removed_and_nothing_else(warehouse: Warehouse, tmp_path: Path) -> None:
    """Names like ours may be somebody's own."""
    signed, unsigned = tmp_path / ".kpi_export-abc_1234", tmp_path / ".kpi_export-00000000"
    signed.mkdir()
    unsigned.mkdir()
    (signed / ".files_that_have_no_name_yet").touch()
    (signed / "kpi_values.csv").write_text("half", encoding="utf-8")
    for own in (".kpi-notes", ".kpi_export-notes", ".kpi_export-mynotes1"):
        (tmp_path / own).mkdir()
        (tmp_path / own / "a").write_text("precious", encoding="utf-8")
    (tmp_path / ".kpi_export-afile123").write_text("precious", encoding="utf-8")
    (tmp_path / ".kpi-demo.duckdb.lock").touch()
    result = warehouse.call("export", "--period", "2026-Q1", "-o", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    hidden = {path.name for path in tmp_path.iterdir() if path.name.startswith(".")}
    assert hidden == {
        ".kpi-notes", ".kpi_export-notes", ".kpi_export-mynotes1", ".kpi_export-afile123", ".kpi-demo.duckdb.lock",
    }  # fmt: skip
    assert (tmp_path / ".kpi_export-mynotes1" / "a").read_text(encoding="utf-8") == "precious"
