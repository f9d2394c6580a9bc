"""Every dispatched macro runs on Spark in CI: the few KPIs that test_spark.py builds there go through all of them.

dbt says which macros a node may call, those of its engine among them; so the models, materializations and hooks that
such a run executes tell which macros it goes through.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kpi_runner.build import ALWAYS_BUILT
from tests.python.conftest import SYSTEMS
from tests.python.harness import run_dbt
from tests.python.scope import in_ci
from tests.python.test_spark import KPIS


def ran(manifest: Mapping[str, Any], kpis: Iterable[str]) -> list[Mapping[str, Any]]:
    """The nodes that a run of these KPIs executes: what it always builds, all they depend on, and dbt's hooks."""
    nodes = manifest["nodes"]
    names = {*kpis, *ALWAYS_BUILT}
    left = [key for key, node in nodes.items() if node["name"] in names or node["resource_type"] == "operation"]
    found: set[str] = set()
    while left:
        key = left.pop()
        if key in nodes and key not in found:
            found.add(key)
            left += nodes[key].get("depends_on", {}).get("nodes", [])
    return [nodes[key] for key in sorted(found)]


def called(manifest: Mapping[str, Any], nodes: Iterable[Mapping[str, Any]]) -> set[str]:
    """The macros that nodes and their materializations may call on Spark, by their ids."""
    macros = manifest["macros"]
    left: list[str] = []
    for node in nodes:
        left += node["depends_on"]["macros"]
        names = [f"materialization_{node['config']['materialized']}_{of}" for of in ("spark", "default")]
        left += [key for key in macros if key.rpartition(".")[2] in names]
    found: set[str] = set()
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += macros[key]["depends_on"]["macros"]
    return found


@in_ci
def test_every_dispatched_macro_runs_on_spark(tmp_path: Path) -> None:
    """The one of Spark where there is one, and else the one for all."""
    run_dbt("parse", {"source_systems": SYSTEMS}, tmp_path, "--target", "spark")
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text(encoding="utf-8"))
    own = {key: macro for key, macro in manifest["macros"].items() if macro["package_name"] == "sales_kpis"}
    dispatched = {macro["name"] for macro in own.values() if "adapter.dispatch(" in macro["macro_sql"]}
    assert dispatched
    found = {own[key]["name"] for key in called(manifest, ran(manifest, KPIS)) if key in own}
    tried = {name.removeprefix("spark__").removeprefix("default__") for name in found if "__" in name}
    assert dispatched - tried == set()
    assert {macro["name"] for macro in own.values() if macro["name"].startswith("spark__")} - found == set()
