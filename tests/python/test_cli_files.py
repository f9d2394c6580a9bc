"""What `kpi run` says of files that it cannot use: targets that hold for nothing, deliveries that cannot be read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.python.conftest import ROOT, Result, Warehouse, small_company
from tests.python.reference.company import write_company

HEADER = "kpi_id,measure,dimension,dimension_value,grain,low,high,valid_from"

#: Rows of targets, and of each what is said of it: columns and words; nothing of a right one.
TARGETS: tuple[tuple[str, list[str]], ...] = (
    ("win_rate,win_rate,,,,0.2,,", []),
    ("win_rate,win_rate,,,month,.25,9e-1,2026-01-01", []),
    ("win_rate,win_rate,total,total,month,,,2026-02-01", []),
    ("win_rate,win_rate,team,north,month,-1,+1.,2024-02-29", []),
    ("win_rat,win_rate,,,,0.1,,", ["kpi_id", "'win_rat'"]),
    (",win_rate,,,,0.1,,", ["kpi_id", "''"]),
    ("win_rate,rate,,,,0.1,,", ["measure", "'rate'", "win_rate_by_value"]),
    ("win_rate,,,,,0.1,,", ["measure", "''"]),
    ("win_rate,win_rate,stage,Lead,,0.1,,", ["dimension", "'stage'", "segment"]),
    ("stage_conversion,open_to_won_rate,stage,Lead,,0.1,,", ["dimension", "'stage'"]),
    ("win_rate,win_rate,team,,,0.1,,", ["dimension_value", "team"]),
    ("win_rate,win_rate,,north,,0.1,,", ["dimension_value", "'north'"]),
    ("win_rate,win_rate,,,months,0.1,,", ["grain", "'months'", "fiscal_year"]),
    ("pipeline_velocity,forecast,,,day,1,,", ["grain", "'day'", "month"]),
    ("win_rate,win_rate,,,week,0.5,0.2,", ["low", "'0.5'", "0.2"]),
    ("win_rate,win_rate,,,quarter,a half,,", ["low", "'a half'"]),
    ("win_rate,win_rate,,,year,,90%,", ["high", "'90%'"]),
    ("win_rate,win_rate,,,,,nan,2020-01-01", ["high", "'nan'"]),
    ("win_rate,win_rate,,,,0.1,,2026-02-29", ["valid_from", "'2026-02-29'"]),
    ("win_rate,win_rate,,,,0.1,,01.02.2026", ["valid_from", "'01.02.2026'"]),
    ("win_rate,win_rate,total,,month,0.3,,2026-01-01", ["valid_from", "row 2"]),
)


#: The same of goals.
GOALS: tuple[tuple[str, list[str]], ...] = (
    ("Win,1,win_rate", []),
    ('"Win, and keep",2,win_rate', []),
    ("Win,3,win_rat", ["kpi_id", "'win_rat'"]),
    ("Win,4,", ["kpi_id", "''"]),
    (" ,5,revenue", ["goal", "' '"]),
    ("Win,six,revenue", ["position", "'six'"]),
    ("Win,-7,sales_cycle", ["position", "'-7'"]),
    ("Win,2,won_deals", ["position", "row 2"]),
    ("Win,9,win_rate", ["kpi_id", "row 1"]),
)


def copy_of_project(directory: Path) -> Path:
    """Where in the directory a copy of the project now is."""
    project = directory / "project"
    for folder in ("macros", "metrics", "models", "seeds", "tests/data"):
        shutil.copytree(ROOT / folder, project / folder)
    for file in ("dbt_project.yml", "profiles.yml.example"):
        shutil.copy(ROOT / file, project / file)
    return project


def run_with_seed(project: Path, directory: Path, name: str, *lines: str) -> Result:
    """What a run says of the project with these lines in a seed of its own."""
    (project / "seeds" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Warehouse(directory / "warehouse").run("demo", "--project-dir", str(project))


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_project(tmp_path_factory.mktemp("files"))


@pytest.fixture
def project(copied: Path) -> Iterator[Path]:
    """A copy of the project, with the seeds as they were."""
    yield copied
    shutil.copytree(ROOT / "seeds", copied / "seeds", dirs_exist_ok=True)


@pytest.mark.parametrize(
    ("name", "header", "rows"), [("targets", HEADER, TARGETS), ("goals", "goal,position,kpi_id", GOALS)]
)
def test_rows_at_fault(
    project: Path, tmp_path: Path, name: str, header: str, rows: tuple[tuple[str, list[str]], ...]
) -> None:
    """Every one is named with its column, before anything is built: what holds for nothing, goals of no KPI."""
    result = run_with_seed(project, tmp_path, name, header, *(row for row, _ in rows))
    assert (result.exit_code, result.stdout) == (3, ""), result.stderr
    lines = result.stderr.replace("Error: ", "").splitlines()
    for number, (row, words) in enumerate(rows, 1):
        said = [line for line in lines if line.startswith(f"seeds/{name}.csv, row {number}, ")]
        assert len(said) == bool(words), (row, said)
        if words:
            column, *others = words
            assert said[0].startswith(f"seeds/{name}.csv, row {number}, column {column}: "), said
            assert [word for word in others if word not in said[0]] == [], said
    assert not (tmp_path / "warehouse" / "kpi.duckdb").exists()


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([HEADER.replace("low", "lowest")], ["header", "lowest"]),
        ([HEADER, "win_rate,win_rate,,,,0.1"], ["Line: 2", "win_rate,win_rate,,,,0.1"]),
    ],
)
def test_targets_that_are_no_table(project: Path, tmp_path: Path, lines: list[str], named: list[str]) -> None:
    result = run_with_seed(project, tmp_path, "targets", *lines)
    assert (result.exit_code, result.stdout) == (3, ""), result.stderr
    assert "seeds/targets.csv" in result.stderr
    assert [word for word in named if word not in result.stderr] == []


# --- Deliveries


def a_row_too_long(directory: Path) -> Path:
    file = directory / "reps.csv"
    file.write_text("rep_id,rep_name\nr1,Ann\nr2,Bob,south\n", encoding="utf-8")
    return file


def no_parquet(directory: Path) -> Path:
    (directory / "reps.csv").unlink()
    file = directory / "reps.parquet"
    file.write_text("rep_id,rep_name: this is no Parquet", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("change", "words"),
    [(a_row_too_long, ["CSV Error on Line: 3", "r2,Bob,south"]), (no_parquet, ["No magic bytes"])],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, change: Callable[[Path], Path], words: list[str]) -> None:
    """The message begins with the entity and the file, and has what DuckDB says, without its advice."""
    write_company(small_company(), tmp_path / "data")
    file = change(tmp_path / "data")
    result = Warehouse(tmp_path / "warehouse").run("run", "--data", str(tmp_path / "data"))
    assert (result.exit_code, result.stdout) == (3, ""), result.stderr
    assert result.stderr.startswith(f"Error: reps: {file} cannot be read: ")
    assert [word for word in words if word not in result.stderr] == [], result.stderr
    assert "Possible" not in result.stderr
    assert "LINE" not in result.stderr


def test_a_file_of_another_name_than_its_entity(tmp_path: Path) -> None:
    """An export's sales_teams.csv delivers the reps."""
    files = {
        "sales_pipeline": "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n",
        "sales_teams": "sales_agent,manager,regional_office\nAnn,Max,East,1\n",
        "accounts": "account,sector\n",
        "products": "product,series,sales_price\n",
    }
    (tmp_path / "data").mkdir()
    for name, text in files.items():
        (tmp_path / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
    options = ("--system", "opportunity_export", "--data", str(tmp_path / "data"))
    result = Warehouse(tmp_path / "warehouse").run("run", *options)
    assert (result.exit_code, result.stdout) == (3, ""), result.stderr
    assert result.stderr.startswith(f"Error: reps: {tmp_path / 'data' / 'sales_teams.csv'} cannot be read: ")
    assert "Line: 2" in result.stderr
