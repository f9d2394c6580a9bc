"""Macros that are found quickly give the same SQL as dbt alone does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.python.harness import ROOT, layer_vars, profiles_dir, project_read
from tests.python.reference.company import Settings

#: Compiles some models of a project that dbt has read, quickly or not; says whether it could, and how often Jinja has
#: defined a macro.
COMPILING = """
import sys
from pathlib import Path
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.clients.jinja import MacroFuzzTemplate
from kpi_runner.dbt_macros import find_macros_quickly

manifest = Manifest.from_msgpack(Path(sys.argv[1]).read_bytes())
manifest.build_flat_graph()
defined, making = [], MacroFuzzTemplate.make_module
MacroFuzzTemplate.make_module = lambda *given, **named: defined.append(1) or making(*given, **named)
if sys.argv[2] == "quickly":
    find_macros_quickly()
print(dbtRunner(manifest).invoke(sys.argv[3:]).success, len(defined))
"""

#: A KPI, a mart, a model of a source system, and one that asks dbt for what it has built.
MODELS = ["win_rate", "fct_deals", "stg_folder__deals", "kpi_measures"]


def compiled(how: str, work: Path) -> tuple[dict[str, str], int]:
    """The SQL of these models, by file, and how often Jinja has defined a macro."""
    settings = Settings("2024-03-31")
    read = project_read(settings.customer_lifecycle)
    command = ["--quiet", "compile", "--select", *MODELS, "--exclude", "resource_type:test", "resource_type:unit_test"]
    command += ["--vars", json.dumps(layer_vars(settings, work / "data")), "--project-dir", str(ROOT)]
    command += ["--target-path", str(work / how), "--log-path", str(work / "logs")]
    environment = {
        **os.environ,
        "KPI_DUCKDB_PATH": str(work / "kpi.duckdb"),
        "DBT_PROFILES_DIR": str(profiles_dir(work)),
    }
    done = subprocess.run(
        [sys.executable, "-c", COMPILING, str(read), how, *command],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    succeeded, defined = done.stdout.split()[-2:]
    assert succeeded == "True", done.stdout
    files = (work / how / "compiled").rglob("*.sql")
    return {file.stem: file.read_text(encoding="utf-8") for file in files}, int(defined)


def test_the_same_sql_with_less_ado(tmp_path: Path) -> None:
    plain, often = compiled("plainly", tmp_path)
    quick, seldom = compiled("quickly", tmp_path)
    assert set(plain) == set(MODELS)
    assert quick == plain
    assert 0 < seldom < often / 2
