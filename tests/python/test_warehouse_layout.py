"""Warehouses of another version, or of a run that did not finish: one message that names the file, and exit code 3."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from kpi_runner.warehouse import Warehouse as OpenWarehouse
from tests.python.conftest import Built, Warehouse

#: What an older or half-built warehouse lacks, and a command that needs it.
LACKING = [
    ("alter table run_settings drop column cohort_window_days", "query revenue"),
    ("alter table run_settings rename column as_of_local to as_of_zoned", "list"),
    ("delete from run_settings", "query revenue"),
    ("delete from run_settings", "check"),
    ("insert into run_settings from run_settings", "list"),
    ("drop table kpi_measures", "list"),
    ("delete from kpi_measures where kpi_id = 'revenue'", "list"),
    ("alter table kpi_measures drop column healthy_grains", "check"),
    ("drop table kpi_catalog", "show revenue"),
    ("drop table unavailable_measures", "query revenue"),
    ("drop table unavailable_measures", "check revenue --grain month"),
    ("drop table unavailable_measures", "explain revenue --period 2026-Q1"),
    ("drop table periods", "query revenue"),
    ("drop table compared_periods", "export -o {out}"),
    ("drop table calendar_days", "query win_rate --period 2026-01-05..2026-02-11"),
    ("drop table calendar_days", "check win_rate --period 2026-01-05..2026-02-11"),
    ("drop table compiled_models", "show revenue"),
    ("drop table compiled_models", "show revenue --sql"),
    ("alter table compiled_models drop column schema_name", "show revenue"),
    ("delete from run_version", "publish"),
    ("drop table run_version_kpis", "publish"),
]


def altered(small: Built, directory: Path, statement: str) -> Warehouse:
    """A copy of the small company's warehouse, changed."""
    place = Warehouse(directory / "warehouse")
    place.directory.mkdir()
    shutil.copy(small.warehouse.path, place.path)
    with duckdb.connect(str(place.path)) as connection:
        connection.execute(statement)
    return place


@pytest.mark.parametrize(("statement", "command"), LACKING)
def test_what_another_layout_lacks(small: Built, tmp_path: Path, statement: str, command: str) -> None:
    warehouse = altered(small, tmp_path, statement)
    result = warehouse.call(*command.format(out=tmp_path / "out").split())
    assert (result.exit_code, result.stdout) == (3, "")
    (said,) = [line for line in result.stderr.splitlines() if not line.startswith("as of ")]
    beginning = f"Error: The warehouse {warehouse.path} was built by another version of the project, or not finished ("
    assert said.startswith(beginning)
    assert said.endswith(" Run `kpi run` again.")
    assert "--select" not in said


def test_no_progress_bar_in_the_data(small: Built) -> None:
    """DuckDB would draw it on stdout."""
    with OpenWarehouse(small.warehouse.path) as warehouse:
        assert warehouse.rows("select current_setting('enable_progress_bar')") == [(False,)]
