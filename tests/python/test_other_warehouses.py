"""Every compiled model can be said in the dialects of warehouses that no test runs on."""

from __future__ import annotations

import pytest
import sqlglot

from kpi_runner.show import translated
from tests.python import test_maven_crm, test_olist_funnel
from tests.python.conftest import SYSTEMS, Builder, Built
from tests.python.scope import in_ci

DIALECTS = ("snowflake", "bigquery", "databricks", "redshift", "trino")


@pytest.fixture(scope="module")
def compiled(demo: Built, small: Built, builder: Builder) -> dict[str, str]:
    """The SQL of every model, by name; of the exports' staging, too, where the exports are there."""
    exports = [
        builder.run(*of_export.RUN)
        for of_export, directory in (
            (test_maven_crm, test_maven_crm.MAVEN), (test_olist_funnel, test_olist_funnel.OLIST),
        )
        if directory.is_dir()
    ]  # fmt: skip
    found: dict[str, str] = {}
    for built in (demo, small, *exports):
        found |= dict(built.warehouse.rows("select model_name, compiled_sql from compiled_models"))
    staged = {name.removeprefix("stg_").split("__")[0] for name in found if name.startswith("stg_")}
    assert staged == set(SYSTEMS) or not all((test_maven_crm.MAVEN.is_dir(), test_olist_funnel.OLIST.is_dir()))
    return found


@in_ci
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_model_is_read_back_as_it_was_translated(compiled: dict[str, str], dialect: str) -> None:
    for name, sql in compiled.items():
        text, lacking = translated(sql, dialect)
        assert lacking == [], name
        assert len(sqlglot.parse(text, dialect=dialect)) == 1, name
