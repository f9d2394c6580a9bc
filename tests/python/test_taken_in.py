"""Large tables take in just what is new, and are what a run from nothing would make of the same files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.python.conftest import AS_OF, Warehouse, small_company
from tests.python.harness import (
    DATABASE,
    compile_layer,
    delivering,
    layer_vars,
    on_companies,
    project_read,
    run_dbt,
    sql_of,
    write_files,
)
from tests.python.reference.company import COLUMNS, Company, write_company
from tests.python.reference.strategies import SETTINGS, companies
from tests.python.scope import ALL
from tests.python.test_kept_figures import changed

#: How many deliveries follow the first, each taken into what those before it have left.
DELIVERIES = int(os.environ.get("KPI_EXAMPLES", 12 if ALL else 4))

TAKING_IN = ("stg_folder__", "__judged")

#: As `kpi run` says it where a build begins with the tables of the run before.
BEGINS_WITH_TABLES = {"incremental_from_rows": 1, "figures_before": {"schema": "main", "begins_with_tables": True}}


def contents(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"select * from {relation} order by all").fetchall()


def test_any_sequence_of_deliveries_leaves_what_the_last_one_makes(tmp_path: Path) -> None:
    """Rows that come, go, change, stand twice, contradict each other or move to another place of their file."""
    variant, entities = SETTINGS[2], tuple(COLUMNS)
    layer = compile_layer(variant, entities, tmp_path / "layer")
    models = [model for model in layer.models if model[2].startswith(TAKING_IN[0]) or model[2].endswith(TAKING_IN[1])]
    assert len(models) == 2 * len(COLUMNS)
    work = tmp_path / "work"
    work.mkdir()
    variables = layer_vars(variant, layer.data_dir) | BEGINS_WITH_TABLES
    selected = ("--select", "stg_folder__*", "int_*__judged")

    def agree_on(company: Company) -> None:
        layer.write(company)
        run_dbt("run", variables, work, *selected, read=project_read(variant.customer_lifecycle))
        with duckdb.connect() as whole, duckdb.connect(str(work / f"{DATABASE}.duckdb"), read_only=True) as taken_in:
            whole.execute(f"attach ':memory:' as {DATABASE}")
            for schema in ("staging", "intermediate"):
                whole.execute(f"create schema {DATABASE}.{schema}")
            for model in models:
                for sql in sql_of(*model):
                    whole.execute(sql)
            for relation, *_ in models:
                assert contents(taken_in, relation) == contents(whole, relation), relation

    @on_companies(1)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        company = delivering(data.draw(companies(variant.as_of)), entities)
        agree_on(company)
        for _ in range(DELIVERIES):
            company = delivering(data.draw(changed(company, data.draw(companies(variant.as_of)))), entities)
            agree_on(company)

    agree()
