"""PostgreSQL gives the figures of DuckDB: every model and every test of the data runs on a server of the tests' own.

What reads figures gives there what it gives of DuckDB's file, and roles can do no more than docs/postgres.md says.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg2
import pytest

from tests.python.conftest import AS_OF, Builder, Built, Result, small_company
from tests.python.engines import other_figures
from tests.python.harness import run_dbt
from tests.python.postgres import BUILDER, RAW, READER, Place, Server, server, statements
from tests.python.reference.company import COLUMNS, Company, write_company
from tests.python.scope import on_a_server
from tests.python.test_maven_crm import MAVEN
from tests.python.test_maven_crm import RUN as RUN_MAVEN
from tests.python.test_olist_funnel import OLIST
from tests.python.test_olist_funnel import RUN as RUN_OLIST
from tests.python.test_spark import KPIS

pytestmark = on_a_server


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server with the two roles."""
    with server() as running:
        yield running


@pytest.fixture(scope="module")
def demo_there(postgres: Server) -> tuple[Place, Result]:
    """The demo company, built by `kpi demo`, and what that said."""
    place = postgres.created("demo")
    result = place.call("demo")
    assert result.exit_code == 0, result.stderr
    place.rows(statements("grant usage"))
    return place, result


@pytest.fixture(scope="module")
def there(demo_there: tuple[Place, Result]) -> Place:
    """The demo company there."""
    return demo_there[0]


def test_the_demo_company(demo: Built, demo_there: tuple[Place, Result], tmp_path: Path) -> None:
    place, result = demo_there
    assert demo.warehouse.rows("select count(*) > 500000 from kpi_values") == [(True,)]
    assert other_figures(demo.warehouse.path, place.figures(tmp_path / "figures.csv")) == []
    assert (result.stdout, result.stderr) == (demo.result.stdout, demo.result.stderr)


def test_every_test_of_the_data_and_every_unit_test(there: Place, tmp_path: Path) -> None:
    environment = there.environment() | {"DBT_PROFILES_DIR": str(tmp_path / "profiles")}
    run_dbt("test", {"as_of": "2026-06-30"}, tmp_path, "--target", "postgres", environment=environment)


def test_nothing_names_the_schemas_that_it_was_built_in(there: Place) -> None:
    for table, column in (("compiled_models", "compiled_sql"), ("kpi_catalog", "definition")):
        found = there.rows(f"select count(*) from kpi.{table} where position('__building' in {column}) > 0")
        assert found == [(0,)], table
    assert there.rows("select distinct schema_name from kpi.compiled_models order by 1") == [
        ("kpi",), ("kpi_intermediate",), ("kpi_staging",),
    ]  # fmt: skip
    assert there.rows("select nspname from pg_namespace where nspname ~ '^kpi__'") == []


@pytest.mark.parametrize(("run", "directory"), [(RUN_MAVEN, MAVEN), (RUN_OLIST, OLIST)], ids=["maven_crm", "olist"])
def test_public_data(postgres: Server, builder: Builder, tmp_path: Path, run: tuple[str, ...], directory: Path) -> None:
    """From files, and from tables of their names in a schema that stands for the directory."""
    if not directory.is_dir():
        pytest.skip("the public data are not there")
    name, *arguments = run
    place = postgres.created(name)
    if run == RUN_OLIST:
        postgres.load(name, RAW, {file.stem: file for file in directory.glob("*.csv")})
        postgres.execute(statements("create schema raw").split(";", 1)[1], name)
        arguments[arguments.index("--data") : arguments.index("--data") + 2] = ["--set", f"data_dir={RAW}"]
    result = place.call(*arguments)
    assert result.exit_code == 0, result.stderr
    assert other_figures(builder.run(*run).warehouse.path, place.figures(tmp_path / "figures.csv")) == []


def test_days_begin_in_the_zone_of_the_company(postgres: Server, builder: Builder, tmp_path: Path) -> None:
    """Across the nights in which its clocks change, with rows that are rejected, merged and repaired.

    From files as people write them: names in quotes, in capitals and of no use, texts of several lines, and Parquet.
    """
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
    files = builder.root / "zones" / "data"
    with builder.locked("zones_files"):
        if not files.exists():
            write_company(company, files)
            settings = {"timezone": "Europe/Berlin", "week_start": "sunday"}
            lines = "".join(f"{name}: {value}\n" for name, value in settings.items())
            (files / "settings.yml").write_text(lines, encoding="utf-8")
            odd = [["REP_ID", "rep_name", "", "team", "Of no use", "of no use", "x" * 80, "region"]]
            odd += [
                ["r1", 'Ann "A"', "a", "north,\nsouth", "", "", "1", "EMEA"],
                ["r2", "\\.", "", " ", "", "", "", "APAC"],
            ]
            with (files / "reps.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(odd)
            (files / "leads.csv").write_text("", encoding="utf-8")
            with duckdb.connect() as connection:
                quotas = f"select * replace (cast(target as double) as target) from '{files / 'quotas.csv'}'"
                connection.execute(f"copy ({quotas}) to '{files / 'quotas.parquet'}' (format parquet)")
            (files / "quotas.csv").unlink()
    arguments = ("run", "--data", str(files), "--as-of", AS_OF, "--format", "json", "--select", ",".join(KPIS))
    on_duckdb = builder.run("zones", *arguments).warehouse
    place = postgres.created("zones")
    result = place.call(*arguments)
    assert result.exit_code == 0, result.stderr
    assert other_figures(on_duckdb.path, place.figures(tmp_path / "figures.csv")) == []
    counts = "select entity, delivered, in_mart, rejected, merged, repairs from {}row_counts order by entity"
    assert place.rows(counts.format("kpi.")) == on_duckdb.rows(counts.format(""))
    lacking = "select kpi_id, measure, missing from {}unavailable_measures order by 1, 2, 3"
    assert place.rows(lacking.format("kpi.")) == on_duckdb.rows(lacking.format(""))
    reps = "select rep_id, rep_name, team, region from {}dim_reps order by 1"
    assert place.rows(reps.format("kpi.")) == on_duckdb.rows(reps.format(""))
    shown = ("show", "quota_attainment_rate", "--sql", "--format", "json")
    there, here = (json.loads(on.call(*shown).stdout)["measures"] for on in (place, on_duckdb))
    assert there == here


def test_who_builds_can_do_no_more(postgres: Server) -> None:
    postgres.created("rights")
    postgres.execute(f"create schema {RAW}; create table {RAW}.reps (rep_id text)", "rights")
    postgres.execute(statements("create schema raw").split(";", 1)[1], "rights")
    assert postgres.execute(f"select * from {RAW}.reps", "rights", BUILDER) == []
    for forbidden in (f"insert into {RAW}.reps (rep_id) values ('r9')", f"drop table {RAW}.reps", "create role other"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            postgres.execute(forbidden, "rights", BUILDER)


# --- The command


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
def test_a_command_says_the_same(there: Place, demo: Built, command: str) -> None:
    said, here = there.call(*command.split(), user=READER), demo.warehouse.call(*command.split())
    # There, the schema of the seeds begins with the target's own.
    expected = re.sub(r"\bdemo\.demo_", "kpi_demo.demo_", here.stdout)
    assert (said.exit_code, said.stdout) == (here.exit_code, expected), said.stderr
    assert here.stdout


def test_an_export_says_the_same(there: Place, demo: Built, tmp_path: Path) -> None:
    """Counts and money to the letter, and with the same types; quotients may differ in their last digit."""
    of_counts_and_money = ("won_deals", "revenue", "open_pipeline", "new_customers", "active_customers")
    options = ("--period", "2026-Q2", "--format", "csv,parquet,html")
    for result in (
        there.call("export", "-o", str(tmp_path / "there"), *options, user=READER),
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
    ours, theirs = (tmp_path / place / "kpi_values.parquet" for place in ("here", "there"))
    with duckdb.connect() as connection:
        described = [connection.execute(f"describe from '{file}'").fetchall() for file in (ours, theirs)]
        assert described[0] == described[1]
        differing = f"from '{theirs}' where kpi_id in {of_counts_and_money} except all from '{ours}'"
        assert connection.execute(differing).fetchall() == []


def test_what_cannot_be_read_is_said(postgres: Server, there: Place) -> None:
    nobody = there.call("list", user="nobody_there")
    assert (nobody.exit_code, nobody.stdout) == (3, "")
    assert "nobody_there" in nobody.stderr
    empty = postgres.created("empty").call("list")
    assert (empty.exit_code, empty.stdout) == (3, "")
    assert "holds no finished run in the schema kpi" in empty.stderr
    assert "Traceback" not in empty.stderr + nobody.stderr


@pytest.mark.parametrize(
    "statement",
    ["delete from kpi.kpi_figures", "drop table kpi.fct_deals", "create table kpi.own (number integer)",
     "create schema own", "select count(*) from kpi_staging.stg_demo__deals"],
)  # fmt: skip
def test_who_reads_can_only_read(there: Place, statement: str) -> None:
    assert there.rows("select count(*) > 0 from kpi.kpi_values", READER) == [(True,)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        there.rows(statement, READER)


@pytest.mark.parametrize("command", [("run", "--system", "demo"), ("publish",)])
def test_who_reads_cannot_build_or_publish(there: Place, command: tuple[str, ...]) -> None:
    result = there.call(*command, user=READER)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "The warehouse postgres (demo on 127.0.0.1:" in result.stderr
    assert "create schemas" in result.stderr or "permission denied for" in result.stderr
