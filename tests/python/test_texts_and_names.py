"""Names and texts that need care, wherever DuckDB takes them: headers of files, and files of ours."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kpi_runner.macros import file_macros
from kpi_runner.sql import csv_rows
from tests.python.conftest import ROOT


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "", "a"], ["a", "_2", "a_3"]),
        (["a", "a_3", "a"], ["a", "a_3", "a_3_3"]),
        (["", "_1", "a", "a"], ["_1_1", "_1", "a", "a_4"]),
        (["a", "a", "a_2", "a_2_2"], ["a", "a_2_2_2", "a_2", "a_2_2"]),
    ],
)
def test_columns_of_a_file_are_told_apart(header: list[str], names: list[str]) -> None:
    assert list(file_macros(ROOT, lambda _: []).distinct_names(header)) == names


def test_a_file_of_ours_is_read_whatever_its_columns_are_called(tmp_path: Path) -> None:
    names = ['it\'s "so"', "Win\\Loss", "\N{NO-BREAK SPACE}", "{a: 1}", "ä,b"]
    file = tmp_path / "it's.csv"
    file.write_text('"x",,"","1","2"\n', encoding="utf-8")
    rows = duckdb.execute(f"from {csv_rows(file, dict.fromkeys(names, 'varchar'), header=False)}")
    assert [column[0] for column in rows.description] == names
    assert rows.fetchall() == [("x", None, "", "1", "2")]
