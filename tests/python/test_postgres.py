"""PostgreSQL gives the figures of DuckDB: every model and every test of the data runs on a server of the tests' own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.python.conftest import AS_OF, FIGURE_COLUMNS, Builder, Built, small_company
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

#: The tests of the data and the unit tests are run on the demo company.
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running


def built(postgres: Server, database: str, variables: dict[str, Any], work: Path, *options: str) -> Path:
    """The figures, in a file, of what `dbt build` makes in a database."""
    work.mkdir()
    os.environ.update(postgres.environment(database))
    run_dbt("build", variables, work, "--target", "postgres", *options)
    figures = work / "figures.csv"
    with postgres.connected(database) as connection, connection.cursor() as cursor, figures.open("w") as file:
        cursor.copy_expert(f"copy (select {FIGURE_COLUMNS} from kpi.kpi_values) to stdout (format csv, header)", file)
    return figures


def test_the_demo_company(postgres: Server, demo: Built, tmp_path: Path) -> None:
    """With every test of the data and every unit test."""
    postgres.create_database("demo")
    figures = built(postgres, "demo", {"as_of": "2026-06-30"}, tmp_path / "demo")
    assert demo.warehouse.rows("select count(*) > 500000 from kpi_values") == [(True,)]
    assert other_figures(demo.warehouse.path, figures) == []


@pytest.mark.parametrize(("run", "directory"), [(RUN_MAVEN, MAVEN), (RUN_OLIST, OLIST)], ids=["maven_crm", "olist"])
def test_public_data(postgres: Server, builder: Builder, tmp_path: Path, run: tuple[str, ...], directory: Path) -> None:
    """Files are tables of their names, in a schema that stands for the directory."""
    if not directory.is_dir():
        pytest.skip("the public data are not there")
    name, _, _, system, _, _, _, as_of, *_ = run
    postgres.create_database(name)
    postgres.load(name, RAW, {file.stem: file for file in directory.glob("*.csv")})
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
    on_duckdb = builder.folder(
        "zones", company, settings="".join(f"{name}: {value}\n" for name, value in settings.items())
    )
    write_company(company, tmp_path / "files")
    postgres.create_database("zones")
    postgres.load("zones", RAW, {file.stem: file for file in (tmp_path / "files").glob("*.csv")})
    variables: dict[str, Any] = {"source_systems": ["folder"], "data_dir": RAW, "as_of": AS_OF, **settings}
    figures = built(postgres, "zones", variables, tmp_path / "zones", *NO_TESTS)
    assert other_figures(on_duckdb.warehouse.path, figures) == []
    counts = "select entity, delivered, in_mart, rejected, merged, repairs from row_counts order by entity"
    with postgres.connected("zones") as connection, connection.cursor() as cursor:
        cursor.execute(counts.replace("row_counts", "kpi.row_counts"))
        assert cursor.fetchall() == on_duckdb.warehouse.rows(counts)
