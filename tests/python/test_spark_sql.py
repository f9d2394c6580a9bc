"""What of Spark can be tried without a cluster: SQL as it takes it, its words for complaints, its profile, no Java."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_runner.dbt_log import essence
from kpi_runner.errors import DataError, UsageError
from kpi_runner.profiles import read_target
from kpi_runner.spark import _reason, spelled
from tests.python.conftest import ROOT


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ('select "rep", "a ""b"" `c`" from "revenue__rows"', 'select `rep`, `a "b" ``c``` from `revenue__rows`'),
        ("where rep = 'O''Neil'", "where rep = 'O\\'Neil'"),
        ("where path = 'C:\\new'", "where path = 'C:\\\\new'"),
        ("where text = 'a \"b\" as varchar'", "where text = 'a \"b\" as varchar'"),
        ("cast(1 as varchar), cast(2 as varchar(3))", "cast(1 as string), cast(2 as varchar(3))"),
        ("cast(1 as double precision)", "cast(1 as double)"),
    ],
)
def test_sql_is_spelled_as_spark_takes_it(ours: str, theirs: str) -> None:
    assert spelled(ours) == theirs


def test_a_complaint_of_a_run_is_what_it_is_on_duckdb() -> None:
    message = (
        "Unhandled error while executing target/run/fct_deals.sql\n"
        "[USER_RAISED_EXCEPTION] No exchange rate for GBP on 2026-03-31: deliver it. SQLSTATE: P0001"
    )
    assert essence(message) == essence("Invalid Input Error: No exchange rate for GBP on 2026-03-31: deliver it.")


def target(**fields: object) -> dict[str, object]:
    return {"outputs": {"there": {"type": "spark", "schema": "kpi", **fields}}}


def test_a_session_is_what_the_command_works_by() -> None:
    with pytest.raises(UsageError, match=r"method: 'thrift' of the target there .* by a session alone"):
        read_target(Path("profiles.yml"), target(method="thrift"), "there", Path())


def test_a_schema_has_a_plain_name() -> None:
    with pytest.raises(UsageError, match="schema: 'my-kpi' of the target there of "):
        read_target(Path("profiles.yml"), target(method="session", schema="my-kpi"), "there", Path())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("An error occurred while calling o12.collectToPython.\n: java.io.IOException: No space left", "java.io.IOEx"),
        ("An error occurred while calling o12.sql", "An error occurred while calling o12.sql"),
        ("[PARSE_SYNTAX_ERROR] Syntax error\n== SQL ==", "[PARSE_SYNTAX_ERROR] Syntax error"),
    ],
)
def test_an_error_is_what_java_says(error: str, reason: str) -> None:
    assert _reason(RuntimeError(error)).startswith(reason)


def test_warehouses_in_other_places_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies beside one, such as publications, is not another's."""
    monkeypatch.delenv("KPI_WAREHOUSE_DIR", raising=False)
    places = [
        read_target(
            Path("profiles.yml"),
            target(method="session", schema=schema, server_side_parameters={"spark.sql.warehouse.dir": where}),
            "there",
            tmp_path,
        ).beside
        for schema, where in (("kpi", "one"), ("kpi", "two"), ("kpi_2", "two"), ("KPI", str(tmp_path / "two")))
    ]
    assert len(set(places)) == 3
    assert places[1] == places[3]
    assert {place.parent for place in places} == {tmp_path / "warehouse"}


def test_a_cluster_is_no_file() -> None:
    with pytest.raises(DataError, match="there is a server of type spark"):
        print(read_target(Path("profiles.yml"), target(method="session"), "there", Path()).path)


def test_a_machine_without_java_says_so(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}
    environment |= {"PATH": str(tmp_path), "KPI_WAREHOUSE_DIR": str(tmp_path), "DBT_PROFILES_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "kpi_runner.cli", "list", "--target", "spark"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "")
    assert "The warehouse spark (local[2], schema kpi) cannot be opened: [JAVA_GATEWAY_EXITED]" in done.stderr
    (log,) = tmp_path.glob("spark-*.log")
    assert f"What Spark said is in {log}." in done.stderr
    assert log.stat().st_size > 0
