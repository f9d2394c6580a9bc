"""Of which code and settings a warehouse was built: recorded in it by the run, read back when figures are published.

The code's version is the git commit, where the project has one, and a hash of the files' contents, so that a change
counts that is not committed. Each KPI has a hash of its own over what it is made of, by dbt's manifest, and the
entities that it reads: so a difference between two builds can be laid to what it came from.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kpi_runner.errors import DataError, KpiError
from kpi_runner.profiles import Target
from kpi_runner.project import PROJECT_FILE, PROJECT_NAME
from kpi_runner.warehouse import Warehouse, opened
from kpi_runner.workplace import Workplace

#: What figures are made of, beside PROJECT_FILE: files of these kinds in these folders of the project.
CODE_FOLDERS = ("macros", "metrics", "models", "seeds")
CODE_SUFFIXES = (".sql", ".yml", ".yaml", ".csv")

#: What lies in these folders is data, which a run reads as a delivery: its rows have a fingerprint of their own.
DATA_FOLDERS = ("seeds/demo",)
DATA_SUFFIX = ".csv"

#: Vars that say what a run is about rather than how it reckons; they are recorded elsewhere.
NOT_SETTINGS = (
    "as_of", "data_dir", "source_systems", "period_start", "period_end", "incremental", "incremental_from_rows",
)  # fmt: skip

#: Through these models every KPI hangs together with every entity: they make the periods, and say what is delivered.
SHARED_FOLDER = "models/utilities/"
SHARED_MODELS = "int_delivered_"


@dataclass(frozen=True)
class CodeVersion:
    """The code of a project: its git commit, where there is one, a hash of its files, and the tools that run it."""

    git_commit: str | None
    content_hash: str
    dbt_version: str
    engine_version: str


@dataclass(frozen=True)
class KpiVersion:
    """What one KPI is made of: a hash of its models and macros, and the canonical entities that it reads."""

    code_hash: str
    entities: tuple[str, ...]


@dataclass(frozen=True)
class BuildVersion:
    """What a warehouse was built by."""

    code: CodeVersion
    settings: Mapping[str, Any]
    kpis: Mapping[str, KpiVersion]


# --- From the project


def code_version(directory: Path, engine_version: str) -> CodeVersion:
    """The version of the code that lies in a project's directory, with that of the database that runs it."""
    files = [directory / PROJECT_FILE]
    data = [directory / folder for folder in DATA_FOLDERS]
    for folder in CODE_FOLDERS:
        files += (
            file
            for file in (directory / folder).rglob("*")
            if file.suffix in CODE_SUFFIXES
            and file.is_file()
            and not (file.suffix == DATA_SUFFIX and any(place in file.parents for place in data))
        )
    contents = ((file.relative_to(directory).as_posix(), file.read_bytes()) for file in files)
    return CodeVersion(_git_commit(directory), _hashed(contents), version("dbt-core"), engine_version)


def _git_commit(directory: Path) -> str | None:
    """The commit that is checked out, none where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "HEAD"],
            cwd=directory,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def build_settings(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among the vars that hold for a build: those of the run over the project's defaults."""
    return {name: variables[name] for name in sorted(variables) if name not in NOT_SETTINGS}


def kpi_versions(manifest: Mapping[str, Any]) -> dict[str, KpiVersion]:
    """The version of each KPI by dbt's manifest: what dbt itself has read."""
    nodes, macros = manifest["nodes"], manifest["macros"]
    ours = {key: macro for key, macro in macros.items() if macro["package_name"] == PROJECT_NAME}

    def read_by(key: str) -> Iterable[str]:
        is_shared = _is_shared(nodes[key])
        return () if is_shared else (name for name in nodes[key]["depends_on"].get("nodes", ()) if name in nodes)

    def called_by(key: str) -> Iterable[str]:
        return (name for name in ours[key]["depends_on"]["macros"] if name in ours)

    def macros_of(keys: Iterable[str]) -> set[str]:
        called: set[str] = {name for key in keys for name in nodes[key]["depends_on"].get("macros", ()) if name in ours}
        return _reached(called, called_by)

    # dbt finds calls by reading; a macro that it finds nowhere may be called from anywhere.
    anywhere = ours.keys() - macros_of(nodes)
    found = {}
    for key, node in nodes.items():
        if node["resource_type"] == "model" and node["config"]["materialized"] == "kpi":
            models = _reached([key], read_by)
            parts = [(name, _code_of(nodes[name]).encode()) for name in models]
            parts += [(name, ours[name]["macro_sql"].encode()) for name in macros_of(models) | anywhere]
            entities = {nodes[name]["config"]["meta"].get("entity") for name in models} - {None}
            found[node["name"]] = KpiVersion(_hashed(parts), tuple(sorted(entities)))
    return found


def _is_shared(node: Mapping[str, Any]) -> bool:
    file, name = Path(node["original_file_path"]).as_posix(), str(node["name"])
    return file.startswith(SHARED_FOLDER) or name.startswith(SHARED_MODELS)


def _code_of(node: Mapping[str, Any]) -> str:
    """What a node says that may change a figure: not its title, but also what its measures cannot do without."""
    if node["resource_type"] == "seed":
        # The demo company's seeds are deliveries, whose rows have a fingerprint of their own.
        return ""
    meta = node["config"].get("meta") or {}
    measures = meta.get("measures") or {}
    needs = {name: (entry or {}).get("needs") for name, entry in measures.items()}
    return json.dumps([node["raw_code"], meta.get("needs"), needs], sort_keys=True, default=str)


def _reached(start: Iterable[str], next_of: Callable[[str], Iterable[str]]) -> set[str]:
    """Everything that is reached from a start."""
    found: set[str] = set()
    ahead = list(start)
    while ahead:
        key = ahead.pop()
        if key not in found:
            found.add(key)
            ahead.extend(next_of(key))
    return found


def _hashed(parts: Iterable[tuple[str, bytes]]) -> str:
    """A hash of named contents, in whatever order they come."""
    total = hashlib.sha256()
    for name, content in sorted(parts):
        total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


# --- In the warehouse


def record(place: Workplace, build: BuildVersion) -> None:
    """Writes to a warehouse that nobody reads yet of what it was built. Raises DataError where it cannot."""
    code = asdict(build.code) | {"settings": _text_of(build.settings)}
    kpis = [(name, kpi.code_hash, ",".join(kpi.entities)) for name, kpi in sorted(build.kpis.items())]
    place.write("run_version", list(code), [list(code.values())])
    place.write("run_version_kpis", ["kpi_id", "code_hash", "entities"], kpis)


def recorded(warehouse: Warehouse) -> BuildVersion:
    """Of what a warehouse was built. Raises DataError where the run that built it has not said so."""
    if not warehouse.has_table("run_version"):
        raise DataError("The warehouse does not say of which code it was built. Build it with `kpi run`.")
    columns = "git_commit, content_hash, dbt_version, engine_version"
    found = warehouse.rows(f"select {columns}, settings from run_version")
    if len(found) != 1:
        raise warehouse.of_another_layout(f"run_version has {len(found)} rows, not one")
    ((*code, settings),) = found
    kpis = warehouse.rows("select kpi_id, code_hash, entities from run_version_kpis")
    try:
        read = json.loads(settings)
    except (TypeError, ValueError):
        raise warehouse.of_another_layout("the settings in run_version cannot be read") from None
    return BuildVersion(
        CodeVersion(*code),
        read,
        {name: KpiVersion(code_hash, tuple(filter(None, listed.split(",")))) for name, code_hash, listed in kpis},
    )


def is_built_by(target: Target, code: CodeVersion, settings: Mapping[str, Any]) -> bool:
    """Whether a target's warehouse, if there is one, was built by the same code under the same settings."""
    try:
        with opened(target) as warehouse:
            found = recorded(warehouse)
    except KpiError:
        return False
    tools = "content_hash", "dbt_version", "engine_version"
    return all(getattr(found.code, name) == getattr(code, name) for name in tools) and (
        _text_of(found.settings) == _text_of(settings)
    )


def _text_of(settings: Mapping[str, Any]) -> str:
    """Settings as they are recorded."""
    return json.dumps(settings, sort_keys=True, default=str)
