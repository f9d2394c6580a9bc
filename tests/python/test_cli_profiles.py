"""Where `kpi` builds and reads: any profile of the engine, or a word on why not before anything is built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kpi_runner.cli import main
from kpi_runner.errors import UsageError
from kpi_runner.profiles import Target, read_target
from kpi_runner.project import find_project
from tests.python.conftest import AS_OF, ROOT, Result, small_company
from tests.python.reference.company import write_company

PROFILE = """
sales_kpis:
  target: "{{{{ env_var('KPI_TEST_TARGET', 'here') }}}}"
  outputs:
    elsewhere: {{type: duckdb, path: elsewhere.duckdb}}
    here:
      type: duckdb
      threads: 2
{lines}
"""


def profiles(directory: Path, *lines: str) -> Path:
    """A directory whose profiles.yml has a target with these lines."""
    directory.mkdir(parents=True, exist_ok=True)
    text = PROFILE.format(lines="\n".join(f"      {line}" for line in lines))
    (directory / "profiles.yml").write_text(text, encoding="utf-8")
    return directory


def kpi(profiles_dir: Path, *arguments: str) -> Result:
    """A command in a process of its own, with that profile and no variable that sets a path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KPI_", "DBT_"))}
    done = subprocess.run(
        [sys.executable, "-m", "kpi_runner.cli", *arguments],
        cwd=ROOT,
        env=environment | {"DBT_PROFILES_DIR": str(profiles_dir)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def on_a_server(**fields: object) -> Target:
    """A target on a PostgreSQL server, with these fields beside those that it needs."""
    output = {"type": "postgres", "host": "db.example", "user": "kpi", "schema": "kpi", **fields}
    return read_target(Path("profiles.yml"), {"outputs": {"there": output}}, "there", Path("project"))


def test_a_server_is_reached_by_what_dbt_reaches_it_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """By dbt's other names for fields, with its filters, and encrypted as it is."""
    monkeypatch.setenv("PORT_OF_SERVER", "6543")
    port = "{{ env_var('PORT_OF_SERVER') | as_number }}"
    target = on_a_server(database="sales", **{"pass": "secret"}, port=port, sslmode="verify-full", keepalives_idle=0)
    assert target.server == {
        "host": "db.example", "port": "6543", "user": "kpi", "password": "secret", "dbname": "sales",
        "sslmode": "verify-full",
    }  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [("dbname", ""), ("schema", ""), ("host", None)])
def test_a_server_that_is_not_said(field: str, value: str | None) -> None:
    with pytest.raises(UsageError, match=f"^{field}: the target there of profiles.yml names none"):
        on_a_server(**({"dbname": "sales"} | {field: value}))


def test_what_lies_beside_servers_is_told_apart() -> None:
    places = [
        on_a_server(dbname=name, schema=schema).beside for name, schema in (("a", "b-c"), ("a-b", "c"), ("a", "b"))
    ]
    assert len(set(places)) == 3
    assert places[2].name == "db.example-5432-a-b"


def test_a_path_and_a_schema_of_ones_own(tmp_path: Path) -> None:
    """The path stands in the profile as it is, with spaces and a quote; the figures lie in another schema."""
    path = tmp_path / "Ann's files" / "sales figures.duckdb"
    own = profiles(tmp_path / "profiles", f'path: "{path}"', "schema: sales")
    write_company(small_company(), tmp_path / "data")
    options = ("--data", str(tmp_path / "data"), "--as-of", AS_OF, "--select", "won_deals", "--format", "json")
    built = kpi(own, "run", *options)
    assert (built.exit_code, built.stderr) == (0, "")
    assert [row["kpi_id"] for row in json.loads(built.stdout)["kpis"]] == ["won_deals"]
    assert sorted(file.name for file in path.parent.iterdir()) == [".sales figures.duckdb.lock", path.name]

    asked = kpi(own, "query", "won_deals", "--format", "json")
    assert [row["value"] for row in json.loads(asked.stdout)] == [3]
    listed = kpi(own, "list", "--format", "json")
    assert "won_deals" in [entry["kpi_id"] for entry in json.loads(listed.stdout)]
    exported = kpi(own, "export", "-o", str(tmp_path / "exports"))
    assert exported.exit_code == 0, exported.stderr
    assert "won_deals" in (tmp_path / "exports" / "kpi_values.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([], ["path", "here", "profiles.yml"]),
        (["path: ''"], ["path", "here"]),
        (["path: \"{{ env_var('KPI_DUCKDB_PATH') }}\""], ["KPI_DUCKDB_PATH"]),
        (["path: ':memory:'"], [":memory:"]),
        (["path: md:sales"], ["md:sales"]),
        (["path: {directory}"], ["{directory}", "directory"]),
        (["path: {directory}/file/kpi.duckdb"], ["{directory}/file", "no directory"]),
        (["path: '{directory}/c#/kpi.duckdb'"], ["c#"]),
        (["path: {directory}/main.duckdb"], ["main.duckdb"]),
        (["path: {directory}/System.duckdb"], ["System.duckdb"]),
        (["path: {directory}/temp.db"], ["temp.db"]),
        (["path: {directory}/sales.duckdb", "schema: sales"], ["sales.duckdb", "schema"]),
        (["path: {directory}/it's.duckdb"], ["it's.duckdb"]),
        (["path: '{directory}/a\"b.duckdb'"], ['a"b.duckdb']),
        (["path: {directory}/a.b.duckdb"], ["a.b.duckdb"]),
    ],
)
def test_a_place_where_nothing_can_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], named: list[str]
) -> None:
    """Wrong usage, for every command alike, and nothing is left behind."""
    (tmp_path / "file").touch()
    own = profiles(tmp_path / "profiles", *(line.replace("{directory}", str(tmp_path)) for line in lines))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(own))
    monkeypatch.delenv("KPI_DUCKDB_PATH", raising=False)
    monkeypatch.delenv("DBT_TARGET", raising=False)
    for arguments in (["run"], ["demo"], ["list"], ["query", "won_deals"]):
        result = CliRunner().invoke(main, arguments)
        assert (result.exit_code, result.stdout) == (2, ""), (arguments, result.stderr, result.exception)
        assert [text for text in named if text.replace("{directory}", str(tmp_path)) not in result.stderr] == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "profiles"]


@pytest.mark.parametrize("name", ["demo.duckdb", "staging.db", "kpi", "sales-2026.duckdb", "Z\u00fcrich 1.duckdb"])
def test_other_names_are_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DBT_PROFILES_DIR", str(profiles(tmp_path, f"path: '{tmp_path / name}'")))
    monkeypatch.delenv("DBT_TARGET", raising=False)
    target = find_project(ROOT).target(None)
    assert (target.name, target.path, target.schema) == ("here", tmp_path / name, "main")


@pytest.mark.parametrize("path", ["", "file/kpi.duckdb", "."])
def test_a_path_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    monkeypatch.setenv("KPI_DUCKDB_PATH", str(tmp_path / path) if path else "")
    for arguments in (["run"], ["list"]):
        result = CliRunner().invoke(main, arguments)
        assert (result.exit_code, result.stdout) == (2, ""), (result.stderr, result.exception)
        assert "path:" in result.stderr


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    monkeypatch.setenv("KPI_DUCKDB_PATH", str(tmp_path / "kpi.duckdb"))
    (tmp_path / ".kpi.duckdb.lock").mkdir()
    result = CliRunner().invoke(main, ["demo"])
    assert (result.exit_code, result.stdout) == (3, ""), result.exception
    assert f"{tmp_path / 'kpi.duckdb'} cannot be written" in result.stderr
