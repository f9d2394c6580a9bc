"""Rules of the project that no single model or command can break: layers, names, imports, help."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from kpi_runner.cli import COMMANDS, main
from tests.python.conftest import ROOT, Built

KPIS = {path.stem for path in (ROOT / "metrics").glob("*/*.sql")}

Arrow = tuple[str, str]

#: What each layer may read; `metrics` are KPIs and the tables over them.
MAY_READ = {
    "staging": {"seed", "source", "staging"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"intermediate", "marts"},
    "utilities": {"seed", "intermediate", "marts", "utilities"},
    "kpi": {"marts", "utilities", "kpi"},
    "metrics": {"seed", "utilities", "kpi", "metrics"},
}


# --- Layers


@pytest.fixture(scope="module")
def nodes(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The models and seeds of the manifest."""
    found: dict[str, dict[str, Any]] = manifest["nodes"] | manifest["sources"]
    return {k: n for k, n in found.items() if n["resource_type"] in ("model", "seed", "source")}


def layer(node: dict[str, Any]) -> str:
    if node["resource_type"] != "model":
        return str(node["resource_type"])
    if node["config"]["materialized"] == "kpi":
        return "kpi"
    top, *folders = Path(node["original_file_path"]).parts
    return "metrics" if top == "metrics" else folders[0]


def arrows(nodes: dict[str, dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each model with each of the nodes that it reads."""
    return [
        (node, nodes[key])
        for node in nodes.values()
        if node["resource_type"] == "model"
        for key in node["depends_on"]["nodes"]
    ]


def test_arrows_go_forward_only(nodes: dict[str, dict[str, Any]]) -> None:
    backward = [
        f"{reader['name']} ({layer(reader)}) reads {read['name']} ({layer(read)})"
        for reader, read in arrows(nodes)
        if layer(read) not in MAY_READ[layer(reader)]
    ]
    assert backward == []


def test_every_layer_is_there(nodes: dict[str, dict[str, Any]]) -> None:
    assert {layer(node) for node in nodes.values()} - {"source"} == {*MAY_READ, "seed"}


def test_a_source_system_reads_only_its_own(nodes: dict[str, dict[str, Any]]) -> None:
    """Its own staging models, and raw data that is named after it."""
    for reader, read in arrows(nodes):
        if layer(reader) == "staging":
            system = Path(reader["original_file_path"]).parts[2]
            assert reader["name"].startswith(f"stg_{system}__")
            assert re.match(rf"(stg_)?{system}_", read["name"]), (reader["name"], read["name"])


def test_the_kpis_are_the_files_under_metrics(nodes: dict[str, dict[str, Any]]) -> None:
    assert {node["name"] for node in nodes.values() if layer(node) == "kpi"} == KPIS


def test_models_are_read_through_ref() -> None:
    """A table named in the SQL itself would be an arrow that the manifest does not show."""
    named = re.compile(r"\b(?:from|join)\s+(?:main|staging|intermediate)\s*\.", re.IGNORECASE)
    for folder in ("models", "metrics"):
        for file in (ROOT / folder).rglob("*.sql"):
            assert not named.search(file.read_text(encoding="utf-8")), file


def test_every_source_system_is_registered() -> None:
    """In dbt_project.yml with its models, and in pyproject.toml, else sqlfluff skips them as disabled."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    models: dict[str, set[str]] = {}
    for file in (ROOT / "models" / "staging").glob("*/*.sql"):
        models.setdefault(file.parent.name, set()).add(file.stem.split("__")[1])
    registered = {system: set(entities) for system, entities in project["vars"]["source_system_entities"].items()}
    assert registered == models
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert sorted(config["tool"]["sqlfluff"]["templater"]["dbt"]["context"]["source_systems"]) == sorted(models)


# --- Descriptions


def test_everything_is_described(manifest: dict[str, Any]) -> None:
    """Every model, seed, column, macro, and test of the data: dbt's own documentation has no gap."""
    named = [node for node in manifest["nodes"].values() if is_ours_to_describe(node)]
    named += [macro for macro in manifest["macros"].values() if macro["package_name"] == "sales_kpis"]
    named += manifest["unit_tests"].values()
    assert len({entry["resource_type"] for entry in named}) == 5
    undescribed = [entry["name"] for entry in named if not entry["description"].strip()]
    undescribed += [
        f"{entry['name']}.{column['name']}"
        for entry in named
        for column in entry.get("columns", {}).values()
        if not column["description"].strip()
    ]
    assert undescribed == []


def is_ours_to_describe(node: dict[str, Any]) -> bool:
    """A model, a seed, or a test in a file of its own; other tests are what their names say, hooks have no place."""
    is_test_file = node["resource_type"] == "test" and node["original_file_path"].endswith(".sql")
    return node["resource_type"] in ("model", "seed") or is_test_file


def test_models_declare_their_columns(manifest: dict[str, Any]) -> None:
    """A contract names every column, so that none can be without a description."""
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert [model["name"] for model in models if not model["config"]["contract"]["enforced"]] == []


def test_seeds_are_described_column_by_column(manifest: dict[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            header = (ROOT / node["original_file_path"]).read_text(encoding="utf-8").splitlines()[0].split(",")
            described = [name for name in header if node["columns"].get(name, {}).get("description")]
            assert described == header, node["name"]


# --- Names


def code_words(source: str) -> set[str]:
    """The words of a module's code: its names and texts, without comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body[0] = ast.Pass()
    return set(re.findall(r"\w+", ast.unparse(tree)))


def test_the_runner_knows_no_kpi_by_name() -> None:
    """Help texts may show one in an example; the code may not."""
    named = {
        str(file.relative_to(ROOT)): words
        for file in (ROOT / "kpi_runner").rglob("*.py")
        if (words := code_words(file.read_text(encoding="utf-8")) & KPIS)
    }
    assert named == {}


def test_engines_are_told_apart_in_macros_only() -> None:
    pattern = re.compile(r"target\s*\.\s*type")
    for folder in ("models", "metrics", "seeds", "tests/data", "kpi_runner"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".sql", ".yml", ".yaml", ".md", ".py"):
                assert not pattern.search(file.read_text(encoding="utf-8")), file
    assert not pattern.search((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))


# --- Imports

AFTERWARDS = """
import sys
sys.argv = ["kpi", *sys.argv[1:]]
import runpy
try:
    runpy.run_module("kpi_runner.cli", run_name="__main__")
except SystemExit as done:
    assert not done.code, done.code
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize("command", ["query", "list", "show", "drill", "export"])
def test_reading_needs_no_dbt(small: Built, tmp_path: Path, command: str) -> None:
    arguments = {
        "query": ["query", "won_deals", "--by", "rep", "--where", "rep <> 'x'"],
        "list": ["list"],
        "show": ["show", "revenue"],
        "drill": ["drill", "revenue"],
        "export": ["export", "--format", "csv,parquet,json,xlsx,html", "-o", str(tmp_path)],
    }[command]
    done = subprocess.run(
        [sys.executable, "-c", AFTERWARDS, *arguments],
        cwd=ROOT,
        env=os.environ | small.warehouse.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    imported = done.stderr.splitlines()[-1].split()
    assert "duckdb" in imported
    assert [name for name in imported if name.startswith("dbt")] == []


# --- Help


def help_of(*words: str) -> str:
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("words", [(), *((name,) for name in COMMANDS)])
def test_help_has_examples(words: tuple[str, ...]) -> None:
    lines = help_of(*words).splitlines()
    start = [line.strip() for line in lines].index("Example:")
    examples = []
    for line in lines[start + 1 :]:
        if not line.strip():
            break
        examples.append(line.strip())
    assert examples
    for line in examples:
        assert line.startswith("kpi "), line
        assert line.split()[1] in COMMANDS, line
        assert not words or line.split()[1] == words[0], line


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []
    given = {flag for option in options for flag in option.opts}
    assert {"--target", "--project-dir"} <= given
    assert "--format" in given


def test_the_exit_codes_are_in_the_help() -> None:
    text = " ".join(help_of().split())
    for words in ("0 done", "1 a check", "2 wrong usage", "3 the data", "4 another run"):
        assert words in text
