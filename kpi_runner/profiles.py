"""profiles.yml: where a target builds, and the copy of it by which dbt builds elsewhere."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from kpi_runner.errors import DataError, UsageError

#: The name that the warehouse has as a database beside the new one while that is built.
DATABASE_BEFORE = "figures_before"

#: Names that DuckDB gives its own databases and schemas; a file of such a name gets another one inside.
RESERVED = ("main", "system", "temp", "information_schema", "pg_catalog", DATABASE_BEFORE)


#: What a connection to PostgreSQL takes from a target: what none can do without, all of it, and other names for it.
NEEDED_FIELDS = ("host", "port", "user", "dbname")
SERVER_FIELDS = (
    *NEEDED_FIELDS, "password", "role", "connect_timeout", "keepalives_idle",
    "sslmode", "sslcert", "sslkey", "sslrootcert",
)  # fmt: skip
ALSO_CALLED = {"pass": "password", "database": "dbname"}

#: The setting of a session of Spark that says where tables lie.
SPARK_WAREHOUSE = "spark.sql.warehouse.dir"

#: Names the directory in which lies what belongs to a warehouse on a server; without it, the project's `warehouse`.
WAREHOUSE_DIRECTORY = "KPI_WAREHOUSE_DIR"


@dataclass(frozen=True)
class Target:
    """A dbt target: its name, its engine, and the schema that it builds, in a database file or on a server.

    `beside` is a path that no other target has: the database file or, for a server, one that is named after it. What
    belongs to the warehouse and is no part of it lies beside that: publications, a run's own files, the demo's report.
    `server` is what a connection takes: SERVER_FIELDS of PostgreSQL, the configuration of a session of Spark. Its
    relative paths begin at `home`, the project's directory.
    """

    name: str
    engine: str
    file: Path | None
    beside: Path
    schema: str = "main"
    server: Mapping[str, str] | None = None
    home: Path = Path()

    @property
    def path(self) -> Path:
        """The database file. Raises DataError where the target is a server."""
        if self.file is None:
            raise DataError(f"--target: {self.name} is a server of type {self.engine}, and no file of duckdb.")
        return self.file

    @property
    def database(self) -> str:
        """What the database is called; empty on Spark, which has but schemas."""
        return self.file.name if self.server is None and self.file else (self.server or {}).get("dbname", "")


def read_target(file: Path, profile: Mapping[str, Any], name: str | None, project_dir: Path) -> Target:
    """The target of that name in a profile of `file`, or the profile's default one.

    Raises UsageError where there is no such target or it builds nowhere, and DataError where its
    engine is not one that the command reads.
    """
    outputs = profile.get("outputs") or {}
    chosen = name or os.environ.get("DBT_TARGET") or _rendered(profile.get("target", "default"), file)
    output = outputs.get(chosen) if isinstance(outputs, dict) else None
    if not isinstance(output, dict):
        raise UsageError(f"--target: {file} has no target {chosen!r}; it has {', '.join(outputs) or 'none'}.")
    engine = _rendered(output.get("type"), file)
    if engine == "postgres":
        return _postgres_target(chosen, output, file, project_dir)
    if engine == "spark":
        return _spark_target(chosen, output, file, project_dir)
    if engine != "duckdb":
        raise DataError(f"--target: {chosen} is of type {engine}; the command works on duckdb, postgres and spark.")
    where = f"the target {chosen} of {file}"
    given = _rendered(output.get("path"), file)
    if not given:
        raise UsageError(
            f"path: {where} names no database file. Give it a path, or set the variable that it takes it from."
        )
    schema = _rendered(output.get("schema", "main"), file)
    path = project_dir / Path(given).expanduser()
    _check_place(given, path, where)
    _check_name(path, where, schema)
    return Target(chosen, engine, path, path, schema)


def _postgres_target(name: str, output: Mapping[str, Any], file: Path, project_dir: Path) -> Target:
    """A target on a PostgreSQL server. Raises UsageError where a field is missing that a connection needs."""
    given = {ALSO_CALLED.get(key, key): _rendered(value, file) for key, value in output.items()}
    given = {"port": "5432"} | {key: value for key, value in given.items() if value}
    for key in (*NEEDED_FIELDS, "schema"):
        if key not in given:
            raise UsageError(f"{key}: the target {name} of {file} names none. Give it one, or set its variable.")
    # dbt's 0 stands for what the system does.
    server = {key: given[key] for key in SERVER_FIELDS if given.get(key, "0") != "0"}
    parts = (server["host"], server["port"], server["dbname"], given["schema"])
    return Target(name, "postgres", None, _beside_server(parts, project_dir), given["schema"], server)


def _spark_target(name: str, output: Mapping[str, Any], file: Path, project_dir: Path) -> Target:
    """A target on a Spark cluster.

    Raises UsageError where it is reached otherwise than by a session, or has a schema that is no plain name.
    """
    method = _rendered(output.get("method"), file)
    if method != "session":
        raise UsageError(f"method: {method!r} of the target {name} of {file}; the command works by a session alone.")
    schema = _rendered(output.get("schema"), file).lower()
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", schema):
        raise UsageError(
            f"schema: {schema!r} of the target {name} of {file} is no name of a schema on Spark: it takes letters,"
            " digits and _."
        )
    given = output.get("server_side_parameters") or {}
    session = {key: _rendered(value, file) for key, value in given.items()}
    where = session.get(SPARK_WAREHOUSE, "")
    if ":" not in where:
        where = str((project_dir / where).resolve())  # However it is written, it is one place.
    beside = _beside_server(("spark", f"{zlib.crc32(where.encode()):08x}", schema), project_dir)
    return Target(name, "spark", None, beside, schema, session, project_dir)


def _beside_server(parts: Sequence[str], project_dir: Path) -> Path:
    """The path by which what belongs to a schema on a server is told from what belongs to others."""
    directory = Path(os.environ.get(WAREHOUSE_DIRECTORY) or "warehouse").expanduser()
    name = re.sub(r"[^\w.-]", "_", "-".join(parts)).lstrip(".")
    if name.split("-") != list(parts):
        # Others would be called the same.
        name += f"-{zlib.crc32('/'.join(parts).encode()):08x}"
    return project_dir / directory / name


def _check_place(given: str, path: Path, where: str) -> None:
    """The path must be that of a file, in a directory that is there or can be made."""
    if re.match(r":memory:|[A-Za-z][A-Za-z0-9+.-]+:", given):
        raise UsageError(f"path: {given} of {where} is no file; the command builds files.")
    if path.is_dir():
        raise UsageError(f"path: {path} of {where} is a directory; name a file in it, such as kpi.duckdb.")
    above = next(parent for parent in path.parents if parent.exists())
    if not above.is_dir():
        raise UsageError(f"path: {path} of {where} lies under {above}, which is no directory.")
    if re.search("[?#]", str(path.parent)):
        raise UsageError(f"path: {path} of {where} has a ? or # in a directory's name, which dbt cannot take.")


def _check_name(path: Path, where: str, schema: str) -> None:
    """DuckDB names the database after the file, and a view must be able to tell it from the schema that it reads."""
    if not re.fullmatch(r"\w[\w -]*(\.\w+)?", path.name):
        raise UsageError(
            f"path: the file of {where} is called {path.name!r}. Its name is the database's, and takes letters, digits,"
            " spaces, - and _, with one extension, such as kpi.duckdb."
        )
    taken = {name.lower() for name in (*RESERVED, schema)}
    if path.stem.lower() in taken:
        raise UsageError(
            f"path: the file of {where} is called {path.name!r}, and DuckDB cannot tell a database {path.stem} from the"
            f" schema of that name. Name the file otherwise than {', '.join(sorted(taken))}."
        )


def write_profile(file: Path, profile_name: str, target: Target, fields: Mapping[str, str], directory: Path) -> None:
    """Writes a copy of a profiles file to `directory`, with these fields of the target instead of its own.

    What dbt renders stays as it is written, so that no secret of the environment gets into a file.
    """
    document = load_profiles(file)
    document[profile_name]["outputs"][target.name] |= fields
    directory.mkdir(parents=True, exist_ok=True)
    copy = directory / "profiles.yml"
    copy.touch(mode=0o600)
    copy.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


#: A value that is an environment variable and nothing else.
_ENV_VAR = re.compile(r"\{\{\s*env_var\(\s*'(?P<name>[^'\\]*)'\s*(?:,\s*'(?P<default>[^'\\]*)'\s*)?\)\s*\}\}")


def load_profiles(file: Path) -> dict[str, Any]:
    """A profiles file as it is written. Raises UsageError where it is none."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from None
    return document if isinstance(document, dict) else {}


def _rendered(value: Any, file: Path) -> str:
    """A value of a profile as text, with dbt's env_var() in it; empty where there is none."""
    if not isinstance(value, str) or "{" not in value:
        return "" if value is None else str(value)

    def env_var(name: str, default: str | None = None) -> str:
        found = os.environ.get(name, default)
        if found is None:
            raise UsageError(f"{file} needs the environment variable {name}; set it.")
        return found

    alone = _ENV_VAR.fullmatch(value)
    if alone:
        return env_var(alone["name"], alone["default"])
    # Importing Jinja takes as long as all else that a query does.
    from jinja2 import Environment, TemplateError

    environment = Environment()
    # dbt's, by which it tells types; here all is text.
    environment.filters |= dict.fromkeys(("as_text", "as_bool", "as_number", "as_native"), str)
    try:
        return environment.from_string(value).render(env_var=env_var)
    except TemplateError as error:
        raise UsageError(f"{file} cannot be read: {error}: {value}") from None
