"""Spark gives the figures of DuckDB: models and KPIs run on a cluster of the tests' own, a master and two workers.

A build there takes long for how little it is, so a commit looks at one company, and at KPIs of every basis and kind of
rows. KPI_SPARK=all builds every KPI, and runs every test of the data, on the demo company and both public data sets.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.python.conftest import AS_OF, ROOT, Builder, Built, parsed, small_company
from tests.python.engines import other_figures
from tests.python.harness import run_dbt
from tests.python.reference.company import COLUMNS, Company, write_company
from tests.python.scope import on_a_server
from tests.python.spark import Cluster, cluster
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
    "customer_retention",  # spans
    "stage_conversion",  # a cohort with its outcomes
    "visitor_to_lead_rate",  # many subjects; paired events
    "quota_attainment_rate",  # few subjects, that look at their period
    "pipeline_multiplier",  # derived; divided sums
    "sales_growth",  # the period before, and a year ago
    "profit_margin",  # the trailing 12 months
)

#: What is built of them again while a worker is killed.
BUILT_AGAIN = ("win_rate", "open_pipeline")

SETTINGS = {"timezone": "Europe/Berlin", "week_start": "sunday"}

NO_TESTS = ("--exclude-resource-type", "test", "unit_test")


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
    """The cluster."""
    with cluster() as running:
        yield running


def build(spark: Cluster, name: str, variables: dict[str, Any], work: Path, *options: str) -> None:
    """`dbt build` on the cluster."""
    run_dbt("build", variables, work, "--target", "spark", *options, environment=spark.environment(name))


def figures_of(spark: Cluster, name: str, work: Path) -> Path:
    """The figures of a warehouse as a file."""
    return spark.figures(name, work / "figures.csv")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's files."""
    directory = tmp_path_factory.mktemp("spark") / "files"
    write_company(company_of_zones(), directory)
    return directory


@pytest.fixture(scope="module")
def variables() -> dict[str, Any]:
    """What the company is built with."""
    return {"source_systems": ["folder"], "data_dir": RAW, "as_of": AS_OF, **SETTINGS}


@pytest.fixture(scope="module")
def on_duckdb(builder: Builder) -> Path:
    """The company's warehouse on DuckDB."""
    lines = "".join(f"{name}: {value}\n" for name, value in SETTINGS.items())
    return builder.folder("spark_zones", company_of_zones(), settings=lines).warehouse.path


@pytest.fixture(scope="module")
def work(spark: Cluster, files: Path, variables: dict[str, Any]) -> Path:
    """Where the company was built on the cluster from."""
    spark.load("zones", RAW, {file.stem: file for file in files.glob("*.csv")})
    place = files.parent / "work"
    wanted = () if ALL else ("--select", *(f"+{kpi}" for kpi in KPIS), "+kpi_scorecard", "+kpi_catalog", "+kpi_values")
    build(spark, "zones", variables, place, *wanted, *NO_TESTS)
    return place


def test_counts_money_and_quotients_are_those_of_duckdb(spark: Cluster, work: Path, on_duckdb: Path) -> None:
    """Days begin in the zone of the company, and rows are rejected, merged and repaired as there."""
    assert other_figures(on_duckdb, figures_of(spark, "zones", work), () if ALL else KPIS) == []


def test_both_workers_have_executed(spark: Cluster, work: Path) -> None:
    assert work.is_dir()
    assert len(set(spark.executors())) == 2


def test_a_worker_that_is_killed_changes_nothing(
    spark: Cluster, work: Path, on_duckdb: Path, variables: dict[str, Any]
) -> None:
    """In the midst of a run: what it had done is done again on the other one."""
    launched = len(spark.executors())
    errors: list[BaseException] = []

    def again() -> None:
        try:
            build(spark, "zones", variables, work, "--select", *BUILT_AGAIN, *NO_TESTS)
        except BaseException as error:
            errors.append(error)

    run = threading.Thread(target=again)
    run.start()
    figures = spark.directory / "zones" / "kpi.db"
    before = {path.stat().st_mtime_ns for path in figures.glob("win_rate__rows/*.parquet")}
    while run.is_alive() and before == {path.stat().st_mtime_ns for path in figures.glob("win_rate__rows/*.parquet")}:
        time.sleep(0.1)
    assert len(spark.executors()) == launched + 2
    assert run.is_alive()
    spark.kill_worker(1)
    run.join()
    assert errors == []
    assert "removing it" in spark.log("master")
    assert other_figures(on_duckdb, figures_of(spark, "zones", work), () if ALL else KPIS) == []


@pytest.mark.skipif(not ALL, reason="takes half an hour: KPI_SPARK=all")
def test_the_demo_company(spark: Cluster, demo: Built, tmp_path: Path) -> None:
    """With every test of the data, and every unit test."""
    build(spark, "demo", {"as_of": "2026-06-30"}, tmp_path)
    assert other_figures(demo.warehouse.path, figures_of(spark, "demo", tmp_path)) == []


@pytest.mark.skipif(not ALL, reason="takes a quarter of an hour: KPI_SPARK=all")
@pytest.mark.parametrize(("run", "directory"), [(RUN_MAVEN, MAVEN), (RUN_OLIST, OLIST)], ids=["maven_crm", "olist"])
def test_public_data(spark: Cluster, builder: Builder, tmp_path: Path, run: tuple[str, ...], directory: Path) -> None:
    if not directory.is_dir():
        pytest.skip("the public data are not there")
    name, _, _, system, _, _, _, as_of, *_ = run
    spark.load(name, RAW, {file.stem: file for file in directory.glob("*.csv")})
    build(spark, name, {"source_systems": [system], "data_dir": RAW, "as_of": as_of}, tmp_path, *NO_TESTS)
    assert other_figures(builder.run(*run).warehouse.path, figures_of(spark, name, tmp_path)) == []


def test_the_page_names_what_the_profile_reads() -> None:
    page = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    for name in ("KPI_SPARK_MASTER", "KPI_SPARK_WAREHOUSE", "KPI_SPARK_PARTITIONS", "KPI_SPARK_SCHEMA"):
        assert name in page
