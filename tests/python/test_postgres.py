"""PostgreSQL gives the figures of DuckDB: every model and every test of the data runs on a server of the tests' own.

What reads figures gives there what it gives of DuckDB's file, and roles can do no more than docs/postgres.md says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from tests.python.conftest import AS_OF, FIGURE_COLUMNS, ROOT, Builder, Built, Result, called, small_company
from tests.python.engines import other_figures
from tests.python.harness import run_dbt
from tests.python.postgres import Server, programs, server
from tests.python.reference.company import COLUMNS, Company, write_company
from tests.python.test_maven_crm import MAVEN
from tests.python.test_maven_crm import RUN as RUN_MAVEN
from tests.python.test_olist_funnel import OLIST
from tests.python.test_olist_funnel import RUN as RUN_OLIST

pytestmark = pytest.mark.skipif(
    programs() is None and "CI" not in os.environ, reason="PostgreSQL is not installed here (Debian: postgresql)"
)

#: The schema that deliveries lie in.
RAW = "raw"

#: The roles of docs/postgres.md: one that builds, one that reads.
BUILDER, READER = "kpi", "dashboards"

#: The tests of the data and the unit tests are run on the demo company.
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")


def statements(beginning: str) -> str:
    """The block of SQL in docs/postgres.md that begins so."""
    page = (ROOT / "docs" / "postgres.md").read_text(encoding="utf-8")
    (block,) = [text for text in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if text.strip().startswith(beginning)]
    return str(block)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server with the two roles."""
    with server() as running:
        running.execute(f"create role {BUILDER} login; create role {READER} login")
        yield running


def created(postgres: Server, database: str) -> None:
    """A database of the role that builds."""
    postgres.execute(f"create database {database} owner {BUILDER}")


def built(postgres: Server, database: str, variables: dict[str, Any], work: Path, *options: str) -> Path:
    """The figures, in a file, of what `dbt build` makes in a database."""
    work.mkdir()
    environment = postgres.environment(database, BUILDER)
    run_dbt("build", variables, work, "--target", "postgres", *options, environment=environment)
    figures = work / "figures.csv"
    with postgres.connected(database) as connection, connection.cursor() as cursor, figures.open("w") as file:
        cursor.copy_expert(f"copy (select {FIGURE_COLUMNS} from kpi.kpi_values) to stdout (format csv, header)", file)
    return figures


@pytest.fixture(scope="module")
def demo_figures(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company's, built with every test of the data and every unit test."""
    created(postgres, "demo")
    work = tmp_path_factory.mktemp("postgres") / "demo"
    figures = built(postgres, "demo", {"as_of": "2026-06-30"}, work)
    postgres.execute(statements("grant usage"), "demo", BUILDER)
    return figures


def test_the_demo_company(demo: Built, demo_figures: Path) -> None:
    assert demo.warehouse.rows("select count(*) > 500000 from kpi_values") == [(True,)]
    assert other_figures(demo.warehouse.path, demo_figures) == []


@pytest.mark.parametrize(("run", "directory"), [(RUN_MAVEN, MAVEN), (RUN_OLIST, OLIST)], ids=["maven_crm", "olist"])
def test_public_data(postgres: Server, builder: Builder, tmp_path: Path, run: tuple[str, ...], directory: Path) -> None:
    """Files are tables of their names, in a schema that stands for the directory."""
    if not directory.is_dir():
        pytest.skip("the public data are not there")
    name, _, _, system, _, _, _, as_of, *_ = run
    created(postgres, name)
    postgres.load(name, RAW, {file.stem: file for file in directory.glob("*.csv")})
    postgres.execute(statements("create schema raw").split(";", 1)[1], name)
    variables: dict[str, Any] = {"source_systems": [system], "data_dir": RAW, "as_of": as_of}
    figures = built(postgres, name, variables, tmp_path / name, *NO_TESTS)
    assert other_figures(builder.run(*run).warehouse.path, figures) == []


def test_days_begin_in_the_zone_of_the_company(postgres: Server, builder: Builder, tmp_path: Path) -> None:
    """Across the nights in which its clocks change, with rows that are rejected, merged and repaired."""
    company: Company = {entity: [] for entity in COLUMNS} | small_company()
    for number, closed_at in enumerate(
        ("2025-10-25T21:59:59Z", "2025-10-25T22:00:00Z", "2025-10-26T22:59:59Z", "2025-10-26T23:00:00Z",
         "2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z",
         "2026-03-29T02:30:00", "2025-10-26", "2026-03-29", "2026-02-30T10:00:00", "soon")
    ):  # fmt: skip
        company["deals"].append({
            "deal_id": f"z{number}", "created_at": "2025-10-01T10:00:00+02:00", "stage": "Won", "outcome": "won",
            "rep_id": "r1", "amount": "1e3" if number % 2 else "12.34567", "closed_at": closed_at,
        })  # fmt: skip
    company["deals"] += [dict(company["deals"][0]), dict(company["deals"][1], amount="7")]
    settings = {"timezone": "Europe/Berlin", "week_start": "sunday"}
    lines = "".join(f"{name}: {value}\n" for name, value in settings.items())
    on_duckdb = builder.folder("zones", company, settings=lines).warehouse
    write_company(company, tmp_path / "files")
    created(postgres, "zones")
    postgres.load("zones", RAW, {file.stem: file for file in (tmp_path / "files").glob("*.csv")})
    postgres.execute(statements("create schema raw").split(";", 1)[1], "zones")
    variables: dict[str, Any] = {"source_systems": ["folder"], "data_dir": RAW, "as_of": AS_OF, **settings}
    figures = built(postgres, "zones", variables, tmp_path / "zones", *NO_TESTS)
    assert other_figures(on_duckdb.path, figures) == []
    counts = "select entity, delivered, in_mart, rejected, merged, repairs from {}row_counts order by entity"
    assert postgres.execute(counts.format("kpi."), "zones") == on_duckdb.rows(counts.format(""))
    for forbidden in (f"insert into {RAW}.reps (rep_id) values ('r9')", f"drop table {RAW}.reps", "create role other"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            postgres.execute(forbidden, "zones", BUILDER)


# --- The command


def asked(postgres: Server, *arguments: str, user: str = READER, database: str = "demo") -> Result:
    """A command on the figures there, of the demo company, asked by the role that reads."""
    environment = postgres.environment(database, user) | {"DBT_PROFILES_DIR": str(ROOT / "tests")}
    return called(environment, *arguments, "--target", "postgres")


@pytest.mark.parametrize(
    "command",
    [
        "list",
        "list --format json",
        "show deals_by_stage",
        "query revenue --by team --grain quarter --period 2026",
        "query revenue --by team,channel --period 2026-Q2 --format csv",
        "query sales_cycle --where team='Europe' --period 2025",
        "query revenue --where team<>'Eu%?' --period 2026-02-10..2026-03-15 --format json",
        "query sales_growth --compare year --period 2026-Q2",
        "query visitor_to_lead_rate --period 2026-05 --by channel",
        "query customer_retention --period 2026 --grain month",
        "explain revenue --period 2026-Q2",
        "explain win_rate --period 2026-Q2 --compare year",
        "drill win_rate --period 2026-05",
        "drill visitor_to_lead_rate --period 2026-05",
        "drill open_pipeline --period 2026-05",
        "check --period 2026-Q2",
    ],
)
@pytest.mark.usefixtures("demo_figures")
def test_a_command_says_the_same(postgres: Server, demo: Built, command: str) -> None:
    there, here = asked(postgres, *command.split()), demo.warehouse.call(*command.split())
    # There, the schema of the seeds begins with the target's own.
    expected = re.sub(r"\bdemo\.demo_", "kpi_demo.demo_", here.stdout)
    assert (there.exit_code, there.stdout) == (here.exit_code, expected), there.stderr
    assert here.stdout


@pytest.mark.usefixtures("demo_figures")
def test_an_export_says_the_same(postgres: Server, demo: Built, tmp_path: Path) -> None:
    """Counts and money to the letter, and with the same types; quotients may differ in their last digit."""
    of_counts_and_money = ("won_deals", "revenue", "open_pipeline", "new_customers", "active_customers")
    options = ("--period", "2026-Q2", "--format", "csv,parquet,html")
    for result in (
        asked(postgres, "export", "-o", str(tmp_path / "there"), *options),
        demo.warehouse.call("export", "-o", str(tmp_path / "here"), *options),
    ):
        assert result.exit_code == 0, result.stderr
    assert (tmp_path / "there" / "report.html").read_bytes() == (tmp_path / "here" / "report.html").read_bytes()
    texts = [
        (tmp_path / place / "kpi_values.csv").read_text(encoding="utf-8").splitlines() for place in ("here", "there")
    ]
    exact = [[line for line in lines if line.split(",")[0] in of_counts_and_money] for lines in texts]
    assert exact[0] == exact[1]
    assert len(exact[0]) > 4000
    assert len(texts[0]) == len(texts[1])
    here, there = (tmp_path / place / "kpi_values.parquet" for place in ("here", "there"))
    with duckdb.connect() as connection:
        described = [connection.execute(f"describe from '{file}'").fetchall() for file in (here, there)]
        assert described[0] == described[1]
        differing = f"from '{there}' where kpi_id in {of_counts_and_money} except all from '{here}'"
        assert connection.execute(differing).fetchall() == []


@pytest.mark.parametrize("command", ["run --system demo", "demo", "publish --period 2026-Q2", "diff --period 2026-Q2"])
@pytest.mark.usefixtures("demo_figures")
def test_what_needs_a_file_is_refused_by_name(postgres: Server, command: str) -> None:
    result = asked(postgres, *command.split(), user=BUILDER)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "--target: postgres is of type postgres; this command works on duckdb alone" in result.stderr


@pytest.mark.usefixtures("demo_figures")
def test_what_cannot_be_read_is_said(postgres: Server) -> None:
    nobody = asked(postgres, "list", user="nobody_there")
    assert (nobody.exit_code, nobody.stdout) == (3, "")
    assert "nobody_there" in nobody.stderr
    created(postgres, "empty")
    empty = asked(postgres, "list", user=BUILDER, database="empty")
    assert (empty.exit_code, empty.stdout) == (3, "")
    assert "holds no finished run in the schema kpi" in empty.stderr
    assert "Traceback" not in empty.stderr + nobody.stderr


@pytest.mark.parametrize(
    "statement",
    ["delete from kpi.kpi_figures", "drop table kpi.fct_deals", "create table kpi.own (number integer)",
     "create schema own", "select count(*) from kpi_staging.stg_demo__deals"],
)  # fmt: skip
@pytest.mark.usefixtures("demo_figures")
def test_who_reads_can_only_read(postgres: Server, statement: str) -> None:
    assert postgres.execute("select count(*) > 0 from kpi.kpi_values", "demo", READER) == [(True,)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        postgres.execute(statement, "demo", READER)
