"""Runs the compiled layer on many companies quickly: dbt compiles it once, DuckDB replays it for each.

dbt needs seconds to start, and a property test needs hundreds of companies. So `compile_layer` has dbt compile the
project for some settings and some delivered files, and `Layer.build` writes a company's files and executes the
compiled models in their order. test_harness.py shows that a replay gives what `dbt build` gives, and that a project
read under other settings compiles to the same.
"""

import csv
import fcntl
import json
import os
import pickle
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import HealthCheck, Phase
from hypothesis import settings as run

from tests.python.dbt_process import call_dbt
from tests.python.reference.company import COLUMNS, LOADED_AT, Company, Settings

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "kpi"

ROWS_BEGIN = "/* rows of the KPI begin */"
ROWS_END = "/* rows of the KPI end */"

#: An instant to read the project as of: no model is shaped by it.
ANY_DAY = "2024-03-31"

#: The variable that says where what dbt has read is kept, for all workers; conftest.py sets it.
WHERE_READ = "KPI_TESTS_READ"

#: Models that no figure is made of.
NOT_REPLAYED = {"kpi_scorecard", "kpi_catalog", "kpi_measures"}


def on_companies(examples: int) -> run:
    """How a property is tried on that many companies, the same ones in every run unless KPI_EXAMPLES is set.

    A company takes a second, and hundreds of ever smaller ones minutes; so a failing one is shown as it was generated.
    KPI_SHRINK=1 asks for the smallest.
    """
    return run(
        max_examples=examples,
        deadline=None,
        derandomize="KPI_EXAMPLES" not in os.environ,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if os.environ.get("KPI_SHRINK") else [])],
        suppress_health_check=list(HealthCheck),
    )


def layer_vars(settings: Settings, data_dir: Path) -> dict[str, Any]:
    """The dbt vars that stand for a test's settings, with the folder as source system."""
    start, end = settings.asked or (None, None)
    return {
        "source_systems": ["folder"],
        "data_dir": str(data_dir),
        "as_of": settings.as_of,
        "timezone": settings.timezone,
        "week_start": settings.week_start,
        "fiscal_year_start_month": settings.fiscal_year_start_month,
        "cohort_window_days": settings.cohort_window_days,
        "reporting_currency": settings.reporting_currency,
        "holidays": list(settings.holidays),
        "response_sla_hours": settings.response_sla_hours,
        "stale_after_days": settings.stale_after_days,
        "renewal_gap_days": settings.renewal_gap_days,
        "active_days": settings.active_days,
        "customer_lifecycle": settings.customer_lifecycle,
        "grid": {} if settings.days == "all" else {"day": settings.days},
        # Says once more what the grid says, where it holds everything.
        "grid_of_kpis": {"revenue": {"day": "all"}} if settings.days == "all" else {},
        "period_start": start.isoformat() if start else None,
        "period_end": end.isoformat() if end else None,
    }


def write_files(company: Company, entities: Collection[str], directory: Path) -> None:
    """Writes the files of the delivered entities, each with every column and `_loaded_at`."""
    directory.mkdir(parents=True, exist_ok=True)
    for entity in entities:
        names = (*COLUMNS[entity], LOADED_AT)
        with (directory / f"{entity}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            writer.writerows(
                ["" if row.get(name) is None else row[name] for name in names] for row in company.get(entity, [])
            )


def run_dbt(
    command: str,
    variables: dict[str, Any],
    work: Path,
    *options: str,
    read: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Runs a dbt command on this project with everything it writes under `work`; on one that was `read`, if any.

    `environment` is what the command's own has beside that of the tests.
    """
    environment = {
        **os.environ,
        **(environment or {}),
        "KPI_DUCKDB_PATH": str(work / f"{DATABASE}.duckdb"),
        "DBT_PROFILES_DIR": str(profiles_dir(work)),
    }
    arguments = ["--quiet", "--log-level-file", "none", command, "--vars", json.dumps(variables), *options]
    arguments += ["--project-dir", str(ROOT), "--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    succeeded, said = call_dbt(arguments, environment, read, work / "dbt.out")
    assert succeeded, said


@cache
def project_read(customer_lifecycle: str) -> Path:
    """What dbt keeps of the project, read under the settings that shape its models; once for all workers."""
    work = Path(os.environ[WHERE_READ]) / customer_lifecycle
    work.mkdir(parents=True, exist_ok=True)
    read = work / "read.msgpack"
    with (work / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not read.exists():
            shaping = Settings(ANY_DAY, customer_lifecycle=customer_lifecycle, days="totals")
            run_dbt("parse", layer_vars(shaping, work / "data"), work)
            (work / "target" / "partial_parse.msgpack").rename(read)
    return read


def profiles_dir(work: Path) -> Path:
    """A directory with the example profile as profiles.yml."""
    directory = work / "profiles"
    directory.mkdir(parents=True, exist_ok=True)
    example = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    (directory / "profiles.yml").write_text(example, encoding="utf-8")
    return directory


def delivering(company: Company, entities: Collection[str]) -> Company:
    """The company as it delivers just these entities; one that it lacks has a file without rows."""
    return {entity: company.get(entity, []) for entity in entities}


#: A compiled model: relation, materialization, name, SQL.
Model = tuple[str, str, str, str]


@dataclass(frozen=True)
class Layer:
    """The compiled layer.

    `models` stand in their order; `checks` are the tests of the data in tests/data, the SQL of each by its name;
    `specs` say what each KPI is measured by. `compiled_in` is where dbt has compiled it.
    """

    models: tuple[Model, ...]
    checks: dict[str, str]
    specs: dict[str, dict[str, Any]]
    entities: tuple[str, ...]
    data_dir: Path
    compiled_in: Path

    @cached_property
    def statements(self) -> list[duckdb.Statement]:
        """What builds all models, parsed: that is an eighth of building a company, and the same for each."""
        with duckdb.connect() as parser:
            return [
                statement for model in self.models for text in sql_of(*model)
                for statement in parser.extract_statements(text)
            ]  # fmt: skip

    def write(self, company: Company) -> None:
        """Writes the files that the models read."""
        write_files(company, self.entities, self.data_dir)

    def build(self, company: Company) -> duckdb.DuckDBPyConnection:
        """A database in memory with every model built on a company's rows."""
        self.write(company)
        connection = _empty_database()
        for statement in self.statements:
            connection.execute(statement)
        return connection

    def broken_checks(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        """The checks that find something in a database that build() gave."""
        return [name for name, sql in self.checks.items() if connection.execute(f"from ({sql}) limit 1").fetchall()]


def _empty_database() -> duckdb.DuckDBPyConnection:
    """A database in memory without any model. Tests run on all cores at once, so one thread each is the quickest."""
    connection = duckdb.connect(config={"threads": 1})
    attach_empty(connection)
    return connection


def attach_empty(connection: duckdb.DuckDBPyConnection) -> None:
    """Attaches a database in memory without any model, and makes it the one that is used."""
    connection.execute(f"attach ':memory:' as {DATABASE}")
    for schema in ("staging", "intermediate"):
        connection.execute(f"create schema if not exists {DATABASE}.{schema}")
    connection.execute(f"use {DATABASE}")
    connection.execute(
        "create table kpi_figures (kpi_id varchar, measure varchar, grain varchar, period_start date,"
        " period_end date, dimension varchar, dimension_value varchar, numerator decimal(38, 14),"
        " denominator decimal(38, 14), value double, row_count bigint, is_complete boolean,"
        " is_provisional boolean, is_asked boolean)"
    )


def sql_of(relation: str, materialized: str, name: str, sql: str) -> list[str]:
    """What the materialization of a model does."""
    if materialized != "kpi":
        return [f"create {materialized} {relation} as {sql}"]
    before, rest = sql.split(ROWS_BEGIN)
    rows, after = rest.split(ROWS_END)
    return [
        f"create table {name}__rows as {rows}",
        putting(f"{before} select * from {name}__rows {after}"),
        f"create view {relation} as select * from kpi_figures where kpi_id = '{name}'",
    ]


def putting(figures: str) -> str:
    """What the materialization of a KPI puts into kpi_figures of its figures, a query."""
    return (
        f"insert into kpi_figures select figures.*, periods.is_asked from ({figures}) as figures"
        " inner join periods using (grain, period_start, period_end)"
        " where not exists (select 1 from unavailable_measures as u where u.kpi_id = figures.kpi_id"
        " and u.measure = figures.measure and (u.dimension is null or u.dimension = figures.dimension))"
    )


def compile_layer(settings: Settings, entities: Collection[str], work: Path, like: Layer | None = None) -> Layer:
    """Has dbt compile the layer for some settings and the files of some entities, which will lie under `work`.

    Once for all tests; or, where `like` is a layer for the same settings and files of other entities, what looks at
    files, and all else is taken from there.
    """
    data_dir = work / "data"
    if like:
        return _compile(settings, tuple(entities), work, like)
    named = json.dumps([layer_vars(settings, Path()), *entities], sort_keys=True)
    shared = Path(os.environ[WHERE_READ]) / "compiled" / sha256(named.encode()).hexdigest()[:16]
    shared.mkdir(parents=True, exist_ok=True)
    with (shared / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = shared / "layer.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(_compile(settings, tuple(entities), shared, None)))
    layer: Layer = pickle.loads(kept.read_bytes())
    here, there = str(data_dir), str(layer.data_dir)
    models = tuple((*model[:3], model[3].replace(there, here)) for model in layer.models)
    return replace(layer, models=models, data_dir=data_dir)


def _compile(settings: Settings, entities: tuple[str, ...], work: Path, like: Layer | None) -> Layer:
    """Has dbt compile the layer under `work`, all of it or what is not as in another one."""
    data_dir = work / "data"
    write_files({}, entities, data_dir)
    read = project_read(settings.customer_lifecycle)
    options = ["--exclude", "test_type:generic", "test_type:unit"]
    other = _compiled(like.compiled_in) if like else {}
    if like:
        options += ["--select", *_looking_at_files(like.compiled_in)]
    run_dbt("compile", layer_vars(settings, data_dir), work, *options, read=read)
    compiled = other | _compiled(work)
    nodes = {
        key: node
        for key, node in compiled.items()
        if node["resource_type"] == "model" and node["name"] not in NOT_REPLAYED
    }
    ordered = _in_order(nodes)
    models = {
        key: (
            nodes[key]["relation_name"],
            nodes[key]["config"]["materialized"],
            nodes[key]["name"],
            nodes[key]["compiled_code"],
        )
        for key in ordered
    }
    models |= _built_once({key: models[key] for key in ordered if _is_the_same_for_all(key, nodes)}, work)
    checks = {
        node["name"]: node["compiled_code"]
        for node in compiled.values()
        if node["resource_type"] == "test" and node["original_file_path"].endswith(".sql")
    }
    specs = like.specs if like else _specs(work)
    return Layer(tuple(models.values()), checks, specs, entities, data_dir, work)


def _manifest(work: Path) -> dict[str, Any]:
    """What dbt has written of the project under `work`."""
    found: dict[str, Any] = json.loads((work / "target" / "manifest.json").read_text(encoding="utf-8"))
    return found


def _compiled(work: Path) -> dict[str, dict[str, Any]]:
    """The models and tests that dbt has compiled under `work`."""
    return {key: node for key, node in _manifest(work)["nodes"].items() if node.get("compiled_code")}


def _looking_at_files(work: Path) -> list[str]:
    """The models that are compiled by what is delivered: they, or the macros that theirs call, look for files."""
    manifest = _manifest(work)
    looking = {key for key, macro in manifest["macros"].items() if macro["name"] == "delivered_files"}
    more = looking
    while more:
        more = {
            key
            for key, macro in manifest["macros"].items()
            if key not in looking and not looking.isdisjoint(macro["depends_on"]["macros"])
        }
        looking |= more
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return [node["name"] for node in models if not looking.isdisjoint(node["depends_on"]["macros"])]


def _is_the_same_for_all(key: str, nodes: dict[str, Any]) -> bool:
    """Whether a model reads no delivered row: the calendar, the settings, what is unavailable."""
    node = nodes[key]
    if node["original_file_path"].startswith(("models/staging/", "metrics/")):
        return False
    code = "\n".join(line for line in node["compiled_code"].splitlines() if not line.lstrip().startswith("--"))
    needed = [name for name in node["depends_on"]["nodes"] if name in nodes and nodes[name]["relation_name"] in code]
    return all(_is_the_same_for_all(name, nodes) for name in needed)


def _built_once(models: dict[str, Model], work: Path) -> dict[str, Model]:
    """The models with SQL that reads what they gave."""
    directory = work / "built_once"
    directory.mkdir(exist_ok=True)
    read: dict[str, Model] = {}
    with _empty_database() as connection:
        for key, (relation, materialized, name, sql) in models.items():
            for statement in sql_of(relation, materialized, name, sql):
                connection.execute(statement)
            file = directory / f"{name}.parquet"
            connection.execute(f"copy {relation} to '{file}' (format parquet)")
            read[key] = (relation, materialized, name, f"select * from '{file}'")
    return read


def _specs(work: Path) -> dict[str, dict[str, Any]]:
    """What each KPI is measured by, as dbt has compiled it under `work`."""
    nodes = _manifest(work)["nodes"].values()
    return {
        node["name"]: node["config"]["meta"]["spec"] for node in nodes if node["config"].get("materialized") == "kpi"
    }


def _in_order(nodes: dict[str, Any]) -> list[str]:
    """The nodes so that each comes after those it depends on."""
    ordered: list[str] = []

    def visit(key: str) -> None:
        if key in nodes and key not in ordered:
            for needed in nodes[key]["depends_on"]["nodes"]:
                visit(needed)
            ordered.append(key)

    for key in sorted(nodes):
        visit(key)
    return ordered
