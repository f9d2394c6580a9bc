"""Spark gives the figures of DuckDB: `kpi` builds and reads on a cluster of the tests' own, a master and two workers.

A build there takes long for how little it is, so CI looks at one company, and at KPIs of every basis and kind of rows.
KPI_SPARK=all builds every KPI, and runs every test of the data, on the demo company and both public data sets.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from kpi_runner.errors import KpiError
from tests.python.conftest import AS_OF, ROOT, Builder, Built, Result, Warehouse, parsed, small_company
from tests.python.engines import other_figures, without_seconds
from tests.python.harness import run_dbt
from tests.python.reference.company import COLUMNS, Company, write_company
from tests.python.scope import on_a_server
from tests.python.spark import DEFAULTS, INTERPRETED, Cluster, cluster, one_session
from tests.python.test_maven_crm import MAVEN
from tests.python.test_maven_crm import RUN as RUN_MAVEN
from tests.python.test_olist_funnel import OLIST
from tests.python.test_olist_funnel import RUN as RUN_OLIST

pytestmark = on_a_server

#: Whether all is built that can be.
ALL = os.environ.get("KPI_SPARK") == "all"

#: The schema that deliveries lie in.
RAW = "raw"

#: A KPI of every basis, kind of rows, measure and window.
KPIS = (
    "revenue",  # events; money
    "win_rate",  # a ratio of events
    "deals_by_channel",  # a share
    "sales_cycle",  # a mean, a percentile
    "open_pipeline",  # states at the period's end
    "last_contact",  # a percentile of states
    "customer_retention",  # spans
    "stage_conversion",  # a cohort with its outcomes
    "visitor_to_lead_rate",  # many subjects; paired events
    "quota_attainment_rate",  # few subjects, that look at their period
    "pipeline_multiplier",  # derived; divided sums
    "sales_growth",  # the period before, and a year ago
    "profit_margin",  # the trailing 12 months
)

#: What is built of them again by the next run.
BUILT_AGAIN = ("win_rate", "open_pipeline")

SETTINGS = {"timezone": "Europe/Berlin", "week_start": "sunday"}

#: What reads figures, from the grid and from rows.
READING = (
    "list --format json",
    "query revenue win_rate --period 2026 --grain quarter --by team --compare previous --format csv",
    "query revenue --period 2026-03-25..2026-04-02 --by channel,rep --where \"channel <> 'partner'\" --format csv",
    "query sales_cycle open_pipeline last_contact customer_retention profit_margin --period 2026-03 --format csv",
    "query visitor_to_lead_rate --period 2026-03 --grain week --by channel --format csv",
    "drill revenue --period 2026-03 --format csv",
    "drill customer_retention --period 2026-03 --format csv",
    "explain revenue --period 2026-03 --by channel",
    "check win_rate revenue --period 2026-03",
)


def company_of_zones() -> Company:
    """The small company with customers and visitors; closings across changes of the clock, and broken rows."""
    company: Company = {entity: [] for entity in COLUMNS} | small_company()
    for number, closed_at in enumerate(
        ("2025-10-25T21:59:59Z", "2025-10-25T22:00:00Z", "2025-10-26T22:59:59Z", "2025-10-26T23:00Z",
         "2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T23:59:59+02:00", "2026-03-30 00:00:00+0200",
         "2026-03-30 00:00:00 +0200",
         "2026-03-29T02:30:00", "2025-10-26", "2026-03-29", "2026-02-30T10:00:00", "soon")
    ):  # fmt: skip
        company["deals"].append({
            "deal_id": f"z{number}", "created_at": "2025-10-01T10:00:00+02:00", "stage": "Won", "outcome": "won",
            "rep_id": "r1", "amount": "1e3" if number % 2 else "12.34567", "closed_at": closed_at,
            "channel": "it's \\ \"new\"",
        })  # fmt: skip
    company["deals"] += [dict(company["deals"][0]), dict(company["deals"][1], amount="7")]
    for entity, text in {
        "subscriptions": """
            subscription_id,account_id,started_on,ended_on,rep_id,mrr,currency
            s1,a1,2025-08-01,2026-02-01,r1,100.5,
            s2,a1,2026-02-01,,r1,120,EUR
            s3,a2,2025-10-26,2026-03-29,r2,80,
            s4,a3,2026-01-15,soon,r2,-5,
        """,
        "sessions": """
            session_id,visitor_id,started_at,channel
            x1,v1,2026-03-28T22:30:00Z,event
            x2,v1,2026-03-28T23:30:00Z,partner
            x3,v2,2026-03-29T01:30:00+01:00,event
            x4,v3,2026-05-01,event
        """,
        "leads": """
            lead_id,created_at,visitor_id,channel,rep_id,qualified_at
            l1,2026-03-28T23:45:00Z,v1,partner,r1,2026-04-02
            l2,2026-05-02T08:00:00Z,v3,event,r2,
            l3,2026-05-03T08:00:00Z,,event,r2,
        """,
        "activities": """
            activity_id,kind,direction,occurred_at,deal_id,lead_id,rep_id
            c1,call,outbound,2026-03-28T23:30:00Z,,l1,r1
            c2,email,outbound,2026-05-25T08:00:00Z,d4,,r2
            c3,call,outbound,2026-06-15T22:30:00Z,d4,,r2
            c4,call,outbound,2026-06-16T08:00:00Z,d5,,r1
        """,
        "orders": """
            order_id,ordered_at,account_id,rep_id
            o1,2026-03-29T00:30:00+01:00,a1,r1
            o2,2026-05-04T09:00:00Z,a2,r2
        """,
        "order_lines": """
            order_line_id,order_id,product_id,quantity,unit_price,unit_cost,discount
            o1a,o1,p1,3,250,180.1234,5
            o1b,o1,p2,2.5,40,,
            o2a,o2,p2,7,40,33.3333,
        """,
    }.items():
        company[entity] = parsed(text)
    return company


@pytest.fixture(scope="module")
def spark() -> Iterator[Cluster]:
    """The cluster. Where all is built that can be, Spark writes the Java classes that it writes for its users."""
    with cluster(defaults=DEFAULTS if ALL else DEFAULTS + INTERPRETED) as running:
        yield running


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's files, with its settings."""
    directory = tmp_path_factory.mktemp("spark") / "files"
    write_company(company_of_zones(), directory)
    lines = "".join(f"{name}: {value}\n" for name, value in SETTINGS.items())
    (directory / "settings.yml").write_text(lines, encoding="utf-8")
    return directory


#: What is built of the company.
RUN = ("run", "--as-of", AS_OF, "--format", "json", *(() if ALL else ("--select", ",".join(KPIS))))


@pytest.fixture(scope="module")
def on_duckdb(builder: Builder, files: Path) -> Built:
    """The company's warehouse on DuckDB."""
    return builder.run("spark_zones", *RUN, "--data", str(files))


class Killed(NamedTuple):
    """What a run has said in whose midst a worker was killed; on how many it had executed; what a query said then."""

    run: Result
    workers: int
    query: Result


@pytest.fixture(scope="module")
def killed(spark: Cluster, files: Path) -> Killed:
    """The run that builds the company on the cluster. When a mart is made, one of the two workers goes."""
    with ThreadPoolExecutor() as threads:
        run = threads.submit(called_apart, spark, *RUN, "--data", str(files))
        marts = spark.directory / "zones" / "kpi__1.db" / "fct_deals"
        while not list(marts.glob("*.parquet")) and not run.done():
            time.sleep(0.1)
        assert not run.done(), run.result()
        workers = len(set(spark.executors()))
        spark.kill_worker(1)
        query = called_apart(spark, "query", "revenue", "--period", "2026")
        return Killed(run.result(), workers, query)


@pytest.fixture(scope="module")
def built(killed: Killed) -> Result:
    """What that run said."""
    assert killed.run.exit_code == 0, killed.run.stderr
    return killed.run


def other(on_duckdb: Built, spark: Cluster, schema: str, directory: Path, kpis: Sequence[str] = KPIS) -> list[Any]:
    """What differs between the figures of DuckDB and those in a schema of the cluster."""
    figures = spark.figures("zones", directory / "figures.csv", schema)
    return other_figures(on_duckdb.warehouse.path, figures, () if ALL and kpis is KPIS else kpis)


def test_counts_money_and_quotients_are_those_of_duckdb(
    spark: Cluster, built: Result, on_duckdb: Built, tmp_path: Path
) -> None:
    """Days begin in the zone of the company, and rows are rejected, merged and repaired as there."""
    assert without_seconds(built) == without_seconds(on_duckdb.result)
    assert other(on_duckdb, spark, "kpi__1", tmp_path) == []


def test_a_worker_that_is_killed_changes_nothing(spark: Cluster, built: Result, killed: Killed) -> None:
    """Both had executed. What the one had done is done again on the other; the test above holds the figures."""
    assert built.exit_code == 0
    assert killed.workers == 2
    assert "removing it" in spark.log("master")


def test_nobody_reads_while_a_run_has_the_tables_open(killed: Killed) -> None:
    assert (killed.query.exit_code, killed.query.stdout) == (4, "")
    assert "admits one at a time" in killed.query.stderr


@pytest.fixture(scope="class")
def ask(built: Result) -> Iterator[Callable[[str], object]]:
    """Runs a statement in the session that all commands of a class share."""
    with one_session() as statement:
        yield statement


@pytest.mark.usefixtures("ask")
class TestWhatIsBuilt:
    """What commands make of it, one after the other."""

    def test_what_reads_figures_reads_what_it_reads_of_duckdb(self, spark: Cluster, on_duckdb: Built) -> None:
        for line in READING:
            arguments = shlex.split(line)
            there, here = spark.call("zones", *arguments), on_duckdb.warehouse.call(*arguments)
            assert (there.exit_code, there.stderr) == (here.exit_code, here.stderr), line
            assert there.stdout.splitlines() == here.stdout.splitlines(), line
        lineage = spark.call("zones", "show", "revenue").stdout
        assert lineage == on_duckdb.warehouse.call("show", "revenue").stdout
        assert "deals.csv.amount (raw)" in lineage

    def test_figures_are_written_and_published(self, spark: Cluster, on_duckdb: Built, tmp_path: Path) -> None:
        out = str(tmp_path / "there")
        formats = ("export", "--format", "json,parquet,html", "--output")
        assert spark.call("zones", *formats, out).exit_code == 0
        assert spark.call("zones", "publish").exit_code == 0
        difference = spark.call("zones", "diff")
        assert (difference.exit_code, difference.stdout) == (0, "")
        assert "no figure has changed, of " in difference.stderr
        assert on_duckdb.warehouse.call(*formats, str(tmp_path / "here")).exit_code == 0
        for file in (tmp_path / "here").glob("*.parquet"):
            assert columns(tmp_path / "there" / file.name) == columns(file), file.name
        for file in (tmp_path / "here").glob("*.json"):
            assert texts(tmp_path / "there" / file.name) == texts(file), file.name
        report = "report.html"  # With the scorecard, which `kpi demo` shows, too.
        assert (tmp_path / "there" / report).read_bytes() == (tmp_path / "here" / report).read_bytes()

    def test_what_the_cluster_refuses_is_said_once(
        self, ask: Callable[[str], object], spark: Cluster, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """In an error, and nowhere beside it."""
        assert spark.call("zones", "list").exit_code == 0
        with pytest.raises(KpiError, match="nothing_there"):
            ask("select nothing_there")
        assert capfd.readouterr().err == ""

    def test_a_file_that_cannot_be_read_changes_nothing(
        self, ask: Callable[[str], object], spark: Cluster, tmp_path: Path
    ) -> None:
        """But the run ends what one had begun that was killed when it had made but some of the views."""
        assert spark.call("zones", "list").exit_code == 0
        ask("drop view kpi.kpi_values")
        ask("alter schema kpi set dbproperties ('kpi.views_of' = 'kpi__2')")
        (tmp_path / "deals.csv").write_text('deal_id,created_at,stage,outcome\n"d1', encoding="utf-8")
        there = spark.call("zones", "run", "--data", str(tmp_path))
        here = Warehouse(tmp_path / "here").run("run", "--data", str(tmp_path))
        assert (there.exit_code, there.stderr) == (here.exit_code, here.stderr)
        assert there.exit_code == 3
        assert spark.call("zones", "query", "revenue", "--period", "2026").exit_code == 0
        ask("select count(*) from kpi.kpi_values")


def texts(file: Path) -> list[list[str]]:
    """Keys, dates and words of each row of a JSON file: all but numbers, and what each engine spells in its own way."""
    return sorted(
        [value for value in row.values() if isinstance(value, str)] for row in json.loads(file.read_text("utf-8"))
    )


def columns(file: Path) -> list[tuple[Any, ...]]:
    """The columns of a Parquet file, and their types."""
    return duckdb.execute(f"select column_name, column_type from (describe from '{file}')").fetchall()


@pytest.mark.skipif(not ALL, reason="takes five minutes: KPI_SPARK=all")
def test_the_next_run_takes_the_other_schema(
    spark: Cluster, built: Result, on_duckdb: Built, files: Path, tmp_path: Path
) -> None:
    """A run of tables that lie on the cluster; whoever reads the schema of the profile reads the new figures."""
    spark.load("zones", RAW, {file.stem: file for file in files.glob("*.csv")})
    settings = (f"--set={name}={value}" for name, value in ({"data_dir": RAW} | SETTINGS).items())
    again = ("run", "--system", "folder", "--as-of", AS_OF, "--select", ",".join(BUILT_AGAIN), *settings)
    done = spark.call("zones", *again)
    assert done.exit_code == 0, done.stderr
    assert other(on_duckdb, spark, "kpi__2", tmp_path, BUILT_AGAIN) == []
    assert spark.call("zones", "query", "revenue", "--period", "2026").exit_code == 3
    spark.execute("zones", "create table default.shown as select count(distinct kpi_id) as kpis from kpi.kpi_values")
    shown = duckdb.execute(f"from '{spark.directory}/zones/shown/*.parquet'").fetchall()
    assert shown == [(len(BUILT_AGAIN),)]


def called_apart(spark: Cluster, *arguments: str) -> Result:
    """A command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "kpi_runner.cli", *arguments],
        cwd=ROOT, env=os.environ | spark.environment("zones"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(not ALL, reason="takes half an hour: KPI_SPARK=all")
def test_the_demo_company(spark: Cluster, demo: Built, tmp_path: Path) -> None:
    """With every test of the data, and every unit test."""
    environment = spark.environment("demo")
    run_dbt("build", {"as_of": "2026-06-30"}, tmp_path, "--target", "spark", environment=environment)
    assert other_figures(demo.warehouse.path, spark.figures("demo", tmp_path / "figures.csv")) == []


@pytest.mark.skipif(not ALL, reason="takes a quarter of an hour: KPI_SPARK=all")
@pytest.mark.parametrize(("run", "directory"), [(RUN_MAVEN, MAVEN), (RUN_OLIST, OLIST)], ids=["maven_crm", "olist"])
def test_public_data(spark: Cluster, builder: Builder, tmp_path: Path, run: tuple[str, ...], directory: Path) -> None:
    if not directory.is_dir():
        pytest.skip("the public data are not there")
    name, *arguments = run
    result = spark.call(name, *arguments)
    assert result.exit_code == 0, result.stderr
    assert (
        other_figures(builder.run(*run).warehouse.path, spark.figures(name, tmp_path / "figures.csv", "kpi__1")) == []
    )


def test_the_page_names_what_the_profile_reads() -> None:
    page = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    for name in ("KPI_SPARK_MASTER", "KPI_SPARK_WAREHOUSE", "KPI_SPARK_PARTITIONS", "KPI_SPARK_SCHEMA"):
        assert name in page
