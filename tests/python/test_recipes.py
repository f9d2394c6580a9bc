"""CONTRIBUTING's recipe works word for word: a KPI is one SQL file and one YAML entry."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.python.harness import ROOT

KPI = "lost_deals"

#: What a clone does not have, or a copy does not need.
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "*.duckdb*", "*.building", "target", "logs", "__pycache__", ".*_cache", "profiles.yml"
)


def blocks(language: str) -> list[str]:
    """The code blocks of the recipe "Add a KPI" in a language."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipe = text.split("## Add a KPI")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", recipe, flags=re.DOTALL)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the recipe followed: its files written, its first command run."""
    directory = tmp_path_factory.mktemp("recipe") / "clone"
    shutil.copytree(ROOT, directory, ignore=LEFT_OUT)
    (sql,), (entry,) = blocks("sql"), blocks("yaml")
    (directory / "metrics" / "revenue" / f"{KPI}.sql").write_text(sql, encoding="utf-8")
    with (directory / "metrics" / "revenue" / "_revenue.yml").open("a", encoding="utf-8") as file:
        file.write("\n" + entry)
    run, _ = blocks("sh")[0].strip().splitlines()
    kpi(directory, run)
    return directory


def kpi(directory: Path, line: str, *more: str) -> str:
    """Runs a `kpi` line of the recipe in the copy; returns stdout."""
    program, *arguments = shlex.split(line)
    assert program == ".venv/bin/kpi"
    done = subprocess.run(
        [sys.executable, "-m", "kpi_runner.cli", *arguments, *more],
        cwd=directory,
        env={name: value for name, value in os.environ.items() if not name.startswith(("KPI_", "DBT_"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_kpi_is_in_the_list(clone: Path) -> None:
    entries = json.loads(kpi(clone, ".venv/bin/kpi list --format json"))
    (entry,) = [entry for entry in entries if entry["kpi_id"] == KPI]
    assert entry["title"] == "Lost deals"
    assert entry["available"] is True
    assert [measure["measure"] for measure in entry["measures"]] == ["lost_deals", "unexplained_share"]


def test_the_kpi_answers_the_recipes_query(clone: Path) -> None:
    _, query = blocks("sh")[0].strip().splitlines()
    figures = json.loads(kpi(clone, query, "--format", "json"))
    lost = [figure for figure in figures if figure["measure"] == "lost_deals"]
    other = json.loads(kpi(clone, ".venv/bin/kpi query time_to_lose --period 2026-Q2 --format json"))
    assert sum(figure["value"] for figure in lost) == other[0]["row_count"] > 0


def test_the_kpi_is_in_kpi_values(clone: Path) -> None:
    with duckdb.connect(str(clone / "warehouse" / "kpi.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select measure, value from kpi_values where kpi_id = ? and grain = 'quarter'"
            " and period_start = '2026-04-01' and dimension = 'total' order by measure",
            [KPI],
        ).fetchall()
    assert [measure for measure, _ in found] == ["lost_deals", "unexplained_share"]
    assert all(value is not None for _, value in found)


def test_dbt_alone_builds_as_the_readme_says(tmp_path: Path) -> None:
    directory = tmp_path / "clone"
    shutil.copytree(ROOT, directory, ignore=LEFT_OUT)
    readme = (directory / "README.md").read_text(encoding="utf-8")
    assert "`cp profiles.yml.example profiles.yml` and `dbt build`" in readme
    shutil.copy(directory / "profiles.yml.example", directory / "profiles.yml")
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "build"],
        cwd=directory,
        env={name: value for name, value in os.environ.items() if not name.startswith(("KPI_", "DBT_"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert json.loads(kpi(directory, ".venv/bin/kpi query won_deals --period 2025 --format json"))[0]["value"] > 0
