"""The made-up company of the benchmarks: as large as it says, the same every time, and without a row to reject."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from benchmarks.generate import AT_SCALE_ONE, generate
from seeds.demo_generator.tables import COLUMNS
from tests.python.conftest import Builder

SCALE = 0.02


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    out = tmp_path_factory.mktemp("generated") / "company"
    return out, generate(SCALE, out)


def test_every_entity_is_there_with_its_columns(company: tuple[Path, dict[str, int]]) -> None:
    out, written = company
    assert written.keys() == COLUMNS.keys()
    for entity, columns in COLUMNS.items():
        found = duckdb.connect().execute(f"describe select * from '{out / entity}.parquet'").fetchall()
        assert tuple(name for name, *_ in found) == columns


def test_it_is_as_large_as_it_says(company: tuple[Path, dict[str, int]]) -> None:
    _, written = company
    for entity in ("deals", "leads", "activities", "emails", "sessions", "orders", "subscriptions", "accounts"):
        assert written[entity] == AT_SCALE_ONE[entity] * SCALE
    assert written["pixel_events"] == AT_SCALE_ONE["events"] * SCALE
    assert written["deal_stage_changes"] == pytest.approx(6 * written["deals"], rel=0.1)


def test_the_same_scale_gives_the_same_files(company: tuple[Path, dict[str, int]], tmp_path: Path) -> None:
    out, written = company
    assert generate(SCALE, tmp_path) == written
    for entity in written:
        tables = [f"'{directory / entity}.parquet'" for directory in (out, tmp_path)]
        assert duckdb.connect().execute(f"from {tables[0]} except all from {tables[1]}").fetchall() == []


def test_an_earlier_end_leaves_out_what_comes_later(company: tuple[Path, dict[str, int]], tmp_path: Path) -> None:
    out, written = company
    until = datetime(2025, 12, 31)
    earlier = generate(SCALE, tmp_path, until)
    assert earlier["sessions"] < written["sessions"]
    assert earlier["stages"] == written["stages"]
    ((latest,),) = duckdb.connect().execute(f"select max(started_at) from '{tmp_path / 'sessions.parquet'}'").fetchall()
    assert latest < until
    # What was there already is as it was.
    sessions = [f"'{directory / 'sessions.parquet'}'" for directory in (tmp_path, out)]
    assert duckdb.connect().execute(f"from {sessions[0]} except all from {sessions[1]}").fetchall() == []


def test_it_builds_without_a_reject(company: tuple[Path, dict[str, int]], builder: Builder) -> None:
    out, written = company
    built = builder.run("generated", "run", "--data", str(out), "--as-of", "2025-12-31", "--select", "revenue")
    counts = built.warehouse.rows("select entity, delivered, in_mart from row_counts")
    assert {entity: delivered for entity, delivered, _ in counts} == written
    assert all(delivered == in_mart for _, delivered, in_mart in counts)
