"""Where a warehouse on a PostgreSQL server is built: in schemas of its own, which take the old ones' names at once.

The schema `kpi` and those of its folders, such as `kpi_staging`, are built as `kpi__building`, and so on.
One transaction then gives the old ones other names and the new ones theirs. It waits for nobody: who reads an old table
reads on in it. Then the old ones are dropped.
"""

from __future__ import annotations

import json
import os
import re
import socket
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpi_runner.dbt_log import entities
from kpi_runner.delivered import (
    FILES,
    HEADER_COLUMNS,
    HEADERS,
    TextTable,
    files_of_build,
    header_rows,
    read_as_texts,
)
from kpi_runner.errors import DataError, LockedError, UsageError
from kpi_runner.postgres import connected, named
from kpi_runner.profiles import Target
from kpi_runner.project import Project
from kpi_runner.sql import quoted
from kpi_runner.warehouse import first_line
from kpi_runner.workplace import Workplace, own_directory

#: What follows the target's schema in the names of the schemas of a build, and of those that one has replaced.
BUILDING, REPLACED = "__building", "__replaced_"

#: The server cuts names that are longer; the longest here is that of a folder's schema in a build.
MOST_BYTES, MOST_BYTES_OF_SCHEMA = 63, 40

#: What the lock of a schema is told from other programs' locks by.
LOCKS = 0x6B7069

#: For how long a run waits for readers of a table that it wants to drop, and for builds that it has ended.
PATIENCE = "5s"

#: For how long it waits for readers of others' views, to have these read the new figures.
PATIENCE_WITH_VIEWS = "60s"

#: Tables and columns of a build that hold SQL for the runner and for people.
KEPT_SQL = (("compiled_models", "compiled_sql"), ("kpi_catalog", "definition"))

#: Tables of a build that are no models, and what follows a name in those that dbt makes on its way.
MADE = "run_tables"
NO_MODELS = ("kpi_figures", "compiled_models", "run_version", "run_version_kpis", MADE)
ROWS, ON_THE_WAY = "__rows", re.compile(r"__dbt_(tmp|backup)\w*$")


@contextmanager
def beside_schema(target: Target) -> Iterator[Workplace]:
    """A workplace for the one run that may build a target's schema; gone when the block ends.

    What a run that was killed has left is cleared away. Raises LockedError while another run builds, UsageError for a
    schema that has too long a name, and DataError where the role may not build.
    """
    if len(target.schema.encode()) > MOST_BYTES_OF_SCHEMA:
        raise UsageError(
            f"schema: {target.schema!r} of the target {target.name} has more than {MOST_BYTES_OF_SCHEMA} bytes."
        )
    # A schema that is built for minutes leaves this connection without a word: it must stay.
    connection = connected(target, application_name=_holder()[:MOST_BYTES], keepalives_idle="60")
    try:
        connection.autocommit = True
        server = _Server(connection, named(target))
        server.run("select set_config(name, '0', false) from pg_settings where name = 'idle_session_timeout'")
        _lock(server, target)
        ((may_create,),) = server.rows("select has_database_privilege(current_database(), 'create')")
        if not may_create:
            raise DataError(
                f"The warehouse {server.name} cannot be built: the role may not create schemas in the database."
                " Its owner can let it: grant create on database … to … (docs/postgres.md)."
            )
        with own_directory(target.beside) as directory:
            # By number: of a name the server keeps its first bytes, and of these what is ASCII.
            building = f"kpi build of schema {zlib.crc32(target.schema.encode()):08x}"
            version = str(connection.info.parameter_status("server_version")).split()[0]
            profile = {"schema": target.schema + BUILDING, "application_name": building}
            place = SchemaWorkplace(
                directory, connection.fileno(), profile, {}, f"PostgreSQL {version}", target, server, building
            )
            place.clear()
            try:
                yield place
            finally:
                # The figures are in their place, or an error is on its way: what is left waits for the next run.
                with suppress(DataError):
                    place.clear()
    finally:
        connection.close()


def _holder() -> str:
    return f"kpi: process {os.getpid()} on {socket.gethostname()}"


def _lock(server: _Server, target: Target) -> None:
    """Takes the lock of the target's schema, which the server frees when the connection ends. Raises LockedError.

    The process that builds inherits the connection, so it ends with the last of both.
    """
    keys = (LOCKS, zlib.crc32(target.schema.encode()) & 0x7FFFFFFF)
    ((is_taken,),) = server.rows("select pg_try_advisory_lock(%s, %s)", keys)
    if not is_taken:
        holders = server.rows(
            "select activity.application_name from pg_catalog.pg_locks as locks"
            " inner join pg_catalog.pg_stat_activity as activity on locks.pid = activity.pid"
            " where locks.locktype = 'advisory' and locks.granted and locks.objsubid = 2 and locks.classid = %s"
            " and locks.objid = %s"
            " and locks.database = (select oid from pg_catalog.pg_database where datname = current_database())",
            keys,
        )
        holder = str(holders[0][0] if holders else "").removeprefix("kpi: ") or "process unknown"
        raise LockedError(
            f"Another run ({holder}) is building {server.name}, schema {target.schema}. Wait until it is done."
        )


@dataclass(frozen=True)
class _Server:
    """A connection, on which each statement counts at once, and what messages call the warehouse there."""

    connection: Any
    name: str

    def run(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> None:
        """Runs a statement. Raises DataError where the server refuses it."""
        with self._asking() as cursor:
            cursor.execute(sql, parameters or None)

    def rows(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises DataError where the server refuses it."""
        with self._asking() as cursor:
            cursor.execute(sql, parameters or None)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def load(self, table: str, file: Path) -> None:
        """Reads a CSV file without a header into a table. Raises DataError where the server refuses it."""
        with file.open("rb") as source, self._asking() as cursor:
            cursor.copy_expert(f"copy {table} from stdin (format csv)", source)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Makes of the statements in the block one that counts when it ends, or not at all."""
        self.run("begin")
        try:
            yield
            self.run("commit")
        except BaseException:
            if not self.connection.closed:
                self.run("rollback")
            raise

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        try:
            with self.connection.cursor() as cursor:
                yield cursor
        except self.connection.Error as error:
            raise DataError(
                f"The warehouse {self.name} cannot be built: {first_line(error)}\nNothing was changed."
            ) from None


@dataclass
class SchemaWorkplace(Workplace):
    """Schemas beside those of a target. `building` is what the connections of the build say that they are."""

    target: Target
    server: _Server
    building: str
    #: Schema of the build → the one whose place it takes.
    places: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    # --- Before the build

    @contextmanager
    def before(self) -> Iterator[Mapping[str, str] | None]:
        """The schema of the target, which stays until the build is done."""
        yield {"schema": self.target.schema}

    def receive(self, manifest: Path, project: Project, variables: Mapping[str, Any]) -> None:
        """Makes the schemas, and loads the files that the build reads.

        Raises DataError for a file that cannot be read, and where what is there would be lost.
        """
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
        made = [node for node in nodes if node["resource_type"] in ("model", "seed")]
        self._survey(made)
        self._check_replaced()
        for schema in self.places:
            self.server.run(f"create schema if not exists {quoted(schema)}")
        for statement in self._grants(_DEFAULT_GRANTS):
            self.server.run(statement)
        delivering = entities(manifest)
        headers = []
        for file, name in files_of_build(manifest, project, variables, delivering).items():
            headers += header_rows(name, self._load(file, name, project, delivering))
        self._write(self._beside(self._folder(FILES)), HEADERS, HEADER_COLUMNS, headers)

    def _survey(self, nodes: Sequence[Mapping[str, Any]]) -> None:
        """Which schemas there will be, which the last run has made, and the names of tables that are a build's own."""
        base = self.target.schema
        for node in nodes:
            if not node["schema"].startswith(base + BUILDING):
                self._refuse(f"{node['name']} would be made in {node['schema']}, which is no schema of {base}")
        finals = {base, self._folder(FILES), *(self._final(node["schema"]) for node in nodes)}
        self._check_owners(finals)
        self.known = {str(node["name"]) for node in nodes}
        if self._has("compiled_models", base):
            for schema, name in self.server.rows(f"select schema_name, model_name from {quoted(base)}.compiled_models"):
                finals.add(schema)
                self.known.add(name)
        if self._has(MADE, base):
            for schema, name in self.server.rows(f"select schema_name, table_name from {quoted(base)}.{MADE}"):
                finals.add(schema)
                self.known.add(name)
        self._check_others(finals - {base})
        self.places = {self._beside(schema): schema for schema in sorted(finals)}

    def _check_others(self, folders: Iterable[str]) -> None:
        """Raises DataError where another target builds a schema that is one of this target's folders, or has this one's
        for a folder: each would replace what the other has made."""
        base = self.target.schema
        for schema in sorted(folders):
            if self._has("compiled_models", schema):
                self._refuse(f"another target builds the schema {schema}, which would be that of a folder of {base}")
        for (other,) in self.server.rows(
            "select schemaname from pg_catalog.pg_tables where tablename = %s and schemaname <> %s"
            " and has_table_privilege(format('%%I.%%I', schemaname, tablename), 'select') order by schemaname",
            (MADE, base),
        ):
            of_other = f"select 1 from {quoted(other)}.{MADE} where schema_name = %s limit 1"
            if BUILDING not in other and self.server.rows(of_other, (base,)):
                self._refuse(f"{base} is the schema of a folder of the target that builds {other}")

    def _folder(self, folder: str) -> str:
        """The schema of a folder, by macros/generate_schema_name.sql."""
        return folder if self.target.schema == "main" else f"{self.target.schema}_{folder}"

    def _beside(self, schema: str) -> str:
        """The schema of a build that takes the place of one."""
        base = self.target.schema
        if schema == base:
            return base + BUILDING
        return f"{base}{BUILDING}_{schema if base == 'main' else schema.removeprefix(base + '_')}"

    def _final(self, schema: str) -> str:
        """The schema whose place one of a build takes."""
        folder = schema.removeprefix(self.target.schema + BUILDING).removeprefix("_")
        return self._folder(folder) if folder else self.target.schema

    def _has(self, table: str, schema: str) -> bool:
        sql = "select to_regclass(format('%%I.%%I', %s::text, %s::text)) is not null"
        return bool(self.server.rows(sql, (schema, table))[0][0])

    def _load(self, file: Path, name: str, project: Project, delivering: Mapping[str, str]) -> list[str]:
        """Loads a file into a table of texts of that name; returns the file's header."""
        text = self.directory / "delivered.csv"
        read = read_as_texts(file, text, project.directory, delivering)
        table = f"{quoted(self._beside(self._folder(FILES)))}.{quoted(name)}"
        self.server.run(f"create table {table} ({', '.join(f'{column} text' for column in _columns(read))})")
        if read.header:
            try:
                self.server.load(table, text)
            except DataError as error:
                raise DataError(f"{file} cannot be loaded. {error}") from None
            text.unlink()
        self.server.run(f"analyze {table}")
        return read.header

    # --- What is there already

    def _check_owners(self, schemas: Iterable[str]) -> None:
        """Raises DataError where a schema that is to be replaced is another role's."""
        for schema, owner in self.server.rows(
            "select nspname, pg_get_userbyid(nspowner) from pg_catalog.pg_namespace"
            " where nspname = any(%s) and not pg_has_role(nspowner, 'usage')",
            (list(schemas),),
        ):
            self._refuse(f"the schema {schema} belongs to {owner}, and a build takes the place of it")

    def _check_replaced(self) -> None:
        """Raises DataError where something would be lost with the old schemas that no build has made."""
        schemas = list(self.places.values())
        for schema, table in self.server.rows(_TABLES, (schemas,)):
            name = ON_THE_WAY.sub("", table).removesuffix(ROWS)
            if name not in (*self.known, *NO_MODELS) and schema != self._folder(FILES):
                self._refuse(f"{schema}.{table} was made by no build, and would be lost with what it replaces")
        for name, relation in self.server.rows(_HELD_BY, {"schemas": schemas}):
            self._refuse(f"{name} hangs on {relation}, and would be lost with what the build replaces")

    def _refuse(self, reason: str) -> None:
        raise DataError(
            f"The warehouse {self.server.name} cannot be built: {reason}. Keep what is not of a build in other schemas,"
            " or name another schema in the profile (docs/postgres.md).\nNothing was changed."
        )

    # --- After the build

    def is_built(self) -> bool:
        """Whether the models are there that every build makes."""
        return self._has("run_settings", self.target.schema + BUILDING)

    def write(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        """Writes a table of texts. Raises DataError where it cannot."""
        self._write(self.target.schema + BUILDING, table, columns, rows)

    def _write(self, schema: str, table: str, columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        name = f"{quoted(schema)}.{quoted(table)}"
        self.server.run(f"create table {name} ({', '.join(f'{quoted(column)} text' for column in columns)})")
        if rows:
            row = f"({', '.join('%s' for _ in columns)})"
            values = [value for given in rows for value in given]
            self.server.run(f"insert into {name} values {', '.join(row for _ in rows)}", values)

    def take_place(self) -> None:
        """Gives the schemas their names. Raises DataError, with the old ones kept."""
        self._name_finals()
        self._empty_files()
        made = self.server.rows(_TABLES, (list(self.places),))
        self.write(MADE, ["schema_name", "table_name"], [(self.places[schema], name) for schema, name in made])
        self._check_replaced()
        schemas = list(self.places.values())
        for (name,) in self.server.rows(_FUNCTIONS, {"old": schemas, "new": list(self.places)}):
            self._refuse(f"the function {name} was made by no build, and would be lost with what it replaces")
        numbers = dict(
            self.server.rows("select nspname, oid from pg_catalog.pg_namespace where nspname = any(%s)", (schemas,))
        )
        with self.server.at_once():
            # So that views say in which schema the tables are that they read.
            self.server.run(f"set local search_path = pg_catalog; set local lock_timeout = '{PATIENCE_WITH_VIEWS}'")
            views = self.server.rows(_VIEWS, {"schemas": schemas})
            for statement in (*self._grants(_REVOKES), *self._grants(_GRANTS)):
                self.server.run(statement)
            for building, schema in self.places.items():
                if schema in numbers:
                    other = f"{self.target.schema}{REPLACED}{numbers[schema]}"
                    self.server.run(f"alter schema {quoted(schema)} rename to {quoted(other)}")
                self.server.run(f"alter schema {quoted(building)} rename to {quoted(schema)}")
            for name, options, definition in views:
                try:
                    self.server.run(f"create or replace view {name} {options} as {definition}")
                except DataError as error:
                    raise DataError(
                        f"{name}, which reads what was there, cannot read what takes its place. {error}"
                    ) from None

    def _name_finals(self) -> None:
        """Has the SQL that is kept, compiled or as JSON, name the schemas as they will be called."""
        base = quoted(self.target.schema + BUILDING)
        for building, schema in self.places.items():
            for table, column in KEPT_SQL:
                self.server.run(
                    f"update {base}.{table} set {column} = replace(replace({column}, %s, %s), %s, %s)"
                    f" where position(%s in {column}) > 0",
                    (*(quoted(name) for name in (building, schema)), *(_in_json(name) for name in (building, schema)),
                     building),
                )  # fmt: skip
            self.server.run(
                f"update {base}.compiled_models set schema_name = %s where schema_name = %s", (schema, building)
            )

    def _empty_files(self) -> None:
        """Of the files that were loaded keeps what lineage asks for, their columns; the rows are in staging."""
        files = self._beside(self._folder(FILES))
        for (table,) in self.server.rows("select tablename from pg_catalog.pg_tables where schemaname = %s", (files,)):
            is_delivered = table != HEADERS and not table.startswith("seeds/")
            self.server.run(f"{'truncate' if is_delivered else 'drop'} table {quoted(files)}.{quoted(table)}")

    def _grants(self, sql: str) -> list[str]:
        """The statements that have others' rights in the new schemas be those that they have in the old ones."""
        found = self.server.rows(sql, {"old": list(self.places.values()), "new": list(self.places)})
        return [statement for (statement,) in found]

    # --- Afterwards

    def clear(self) -> None:
        """Ends what is left of earlier builds, and drops their schemas and those that were replaced.

        Who still reads one that was replaced keeps it until a later run. Raises DataError where a build's own cannot be
        dropped.
        """
        self.server.rows(
            "select pg_terminate_backend(pid) from pg_catalog.pg_stat_activity"
            " where application_name = %s and datname = current_database() and usename = session_user",
            (self.building,),
        )
        base = re.escape(self.target.schema)
        self.server.run(f"set lock_timeout = '{PATIENCE}'")
        for (schema,) in self.server.rows("select nspname from pg_catalog.pg_namespace order by 1"):
            if re.fullmatch(f"{base}{BUILDING}(_.*)?", schema):
                self.server.run(f"drop schema {quoted(schema)} cascade")
            elif re.fullmatch(rf"{base}{REPLACED}\d+", schema):
                with suppress(DataError):
                    self.server.run(f"drop schema {quoted(schema)} cascade")
        self.server.run("reset lock_timeout")


def _in_json(name: str) -> str:
    """A name in quotes as it stands in SQL that is kept as JSON."""
    return json.dumps(quoted(name))[1:-1]


def _columns(table: TextTable) -> list[str]:
    """The columns of a loaded file as SQL. One with a longer name than the server takes is called by its place."""
    return [
        quoted(name if len(name.encode()) <= MOST_BYTES else f"column_{place}")
        for place, name in enumerate(table.columns, 1)
    ]


# --- What is asked of the server's catalog

#: The tables, views and sequences of schemas: schema and name; sequences of columns go with their tables.
_TABLES = """
select spaces.nspname, tables.relname
from pg_catalog.pg_class as tables
inner join pg_catalog.pg_namespace as spaces on tables.relnamespace = spaces.oid
where spaces.nspname = any(%s) and tables.relkind in ('r', 'v', 'm', 'p', 'f', 'S')
    and not exists (
        select 1 from pg_catalog.pg_depend as links where links.objid = tables.oid and links.deptype in ('a', 'i')
            and links.refclassid = cast('pg_catalog.pg_class' as regclass)
    )
order by 1, 2
"""

#: The functions of old schemas that the new ones lack.
_FUNCTIONS = """
select format('%%I.%%I', spaces.nspname, functions.proname)
from unnest(cast(%(old)s as text[]), cast(%(new)s as text[])) as given (old, new)
inner join pg_catalog.pg_namespace as spaces on given.old = spaces.nspname
inner join pg_catalog.pg_proc as functions on spaces.oid = functions.pronamespace
where functions.proname not in (
    select new_functions.proname
    from pg_catalog.pg_proc as new_functions
    inner join pg_catalog.pg_namespace as new_spaces on new_functions.pronamespace = new_spaces.oid
    where new_spaces.nspname = given.new
)
"""

#: What is read of old schemas from elsewhere: the relation, its kind, what it reads.
_READERS = """
select
    readers.oid, spaces.nspname, readers.relname, readers.relkind, readers.reloptions,
    format('%%I.%%I', read_spaces.nspname, read.relname) as read_name
from pg_catalog.pg_depend as links
inner join pg_catalog.pg_rewrite as rules
    on links.classid = cast('pg_catalog.pg_rewrite' as regclass) and links.objid = rules.oid
inner join pg_catalog.pg_class as readers on rules.ev_class = readers.oid
inner join pg_catalog.pg_namespace as spaces on readers.relnamespace = spaces.oid
inner join (
    select oid, relname, relnamespace, cast('pg_catalog.pg_class' as regclass) as kind from pg_catalog.pg_class
    union all
    select oid, proname, pronamespace, cast('pg_catalog.pg_proc' as regclass) from pg_catalog.pg_proc
) as read
    on links.refclassid = read.kind and links.refobjid = read.oid
inner join pg_catalog.pg_namespace as read_spaces on read.relnamespace = read_spaces.oid
where read_spaces.nspname = any(%(schemas)s) and spaces.nspname <> all(%(schemas)s)
"""

#: Views in other schemas that read old ones: name, options, and definition.
_VIEWS = f"""
select distinct
    format('%%I.%%I', nspname, relname) as name,
    coalesce('with (' || array_to_string(reloptions, ', ') || ')', '') as options,
    pg_get_viewdef(oid) as definition
from ({_READERS}) as readers where relkind = 'v' order by 1
"""

#: What else in other schemas hangs on them and cannot be made to look at new ones: its name, and on what.
_HELD_BY = f"""
select format('the materialized view %%I.%%I', nspname, relname), read_name
from ({_READERS}) as readers where relkind <> 'v'
union all
select
    format('the foreign key %%I of %%I.%%I', keys.conname, spaces.nspname, tables.relname),
    format('%%I.%%I', other_spaces.nspname, others.relname)
from pg_catalog.pg_constraint as keys
inner join pg_catalog.pg_class as tables on keys.conrelid = tables.oid
inner join pg_catalog.pg_namespace as spaces on tables.relnamespace = spaces.oid
inner join pg_catalog.pg_class as others on keys.confrelid = others.oid
inner join pg_catalog.pg_namespace as other_spaces on others.relnamespace = other_spaces.oid
where keys.contype = 'f' and spaces.nspname <> all(%(schemas)s) and other_spaces.nspname = any(%(schemas)s)
union all
select
    format('the function %%I.%%I', spaces.nspname, functions.proname),
    format('%%I.%%I', table_spaces.nspname, tables.relname)
from pg_catalog.pg_depend as links
inner join pg_catalog.pg_proc as functions
    on links.classid = cast('pg_catalog.pg_proc' as regclass) and links.objid = functions.oid
inner join pg_catalog.pg_namespace as spaces on functions.pronamespace = spaces.oid
inner join pg_catalog.pg_class as tables
    on links.refclassid = cast('pg_catalog.pg_class' as regclass) and links.refobjid = tables.oid
inner join pg_catalog.pg_namespace as table_spaces on tables.relnamespace = table_spaces.oid
where spaces.nspname <> all(%(schemas)s) and table_spaces.nspname = any(%(schemas)s)
union all
select format('the policy %%I', policies.policyname), format('%%I.%%I', policies.schemaname, policies.tablename)
from pg_catalog.pg_policies as policies
where policies.schemaname = any(%(schemas)s)
union all
select 'row-level security', format('%%I.%%I', tables.schemaname, tables.tablename)
from pg_catalog.pg_tables as tables
where tables.rowsecurity and tables.schemaname = any(%(schemas)s)
union all
select format('the trigger %%I', triggers.tgname), format('%%I.%%I', spaces.nspname, tables.relname)
from pg_catalog.pg_trigger as triggers
inner join pg_catalog.pg_class as tables on triggers.tgrelid = tables.oid
inner join pg_catalog.pg_namespace as spaces on tables.relnamespace = spaces.oid
where not triggers.tgisinternal and spaces.nspname = any(%(schemas)s)
union all
select format('the type %%I', types.typname), format('the schema %%I', spaces.nspname)
from pg_catalog.pg_type as types
inner join pg_catalog.pg_namespace as spaces on types.typnamespace = spaces.oid
left join pg_catalog.pg_class as tables on types.typrelid = tables.oid
where
    spaces.nspname = any(%(schemas)s)
    and (types.typtype in ('e', 'd', 'r') or (types.typtype = 'c' and tables.relkind = 'c'))
"""

_NAMES = """
names as (
    select spaces.oid, spaces.nspacl, spaces.nspowner, given.new
    from unnest(cast(%(old)s as text[]), cast(%(new)s as text[])) as given (old, new)
    inner join pg_catalog.pg_namespace as spaces on given.old = spaces.nspname
)
"""

_TO = """
    || ' to ' || case when rights.grantee = 0 then 'public' else format('%%I', pg_get_userbyid(rights.grantee)) end
    || case when rights.is_grantable then ' with grant option' else '' end
"""

_TABLES_OF_BOTH = f"""
{_NAMES},
tables as (
    select
        old_tables.oid, old_tables.relacl, old_tables.relowner,
        new_tables.relacl as new_relacl, new_tables.relowner as new_relowner,
        format('%%I.%%I', names.new, old_tables.relname) as name
    from names
    inner join pg_catalog.pg_class as old_tables on names.oid = old_tables.relnamespace
    inner join pg_catalog.pg_namespace as spaces on names.new = spaces.nspname
    inner join pg_catalog.pg_class as new_tables
        on spaces.oid = new_tables.relnamespace and old_tables.relname = new_tables.relname
    where old_tables.relkind in ('r', 'v') and new_tables.relkind in ('r', 'v')
)
"""

#: What default privileges gave to others in new tables that take the place of old ones, whose rights count: taken back.
_REVOKES = f"""
with {_TABLES_OF_BOTH}

select distinct
    format('revoke all on %%s from ', tables.name)
    || case when rights.grantee = 0 then 'public' else format('%%I', pg_get_userbyid(rights.grantee)) end
from tables cross join aclexplode(tables.new_relacl) as rights
where rights.grantee <> tables.new_relowner
"""

#: The rights that others have in old schemas, as grants in the new ones: in these themselves, in tables, in columns.
_GRANTS = f"""
with {_TABLES_OF_BOTH}

select format('grant %%s on schema %%I', rights.privilege_type, names.new) {_TO}
from names cross join aclexplode(names.nspacl) as rights
where rights.grantee <> names.nspowner
union all
select format('grant %%s on %%s', rights.privilege_type, tables.name) {_TO}
from tables cross join aclexplode(tables.relacl) as rights
where rights.grantee <> tables.relowner
union all
select format('grant %%s (%%I) on %%s', rights.privilege_type, columns.attname, tables.name) {_TO}
from tables
inner join pg_catalog.pg_attribute as columns on tables.oid = columns.attrelid
cross join aclexplode(columns.attacl) as rights
where rights.grantee <> tables.relowner and not columns.attisdropped
"""

#: The rights that others get in what the role makes in old schemas, as such rights in the new ones.
_DEFAULT_GRANTS = f"""
with {_NAMES}

select
    format(
        'alter default privileges in schema %%I grant %%s on %%s', names.new, rights.privilege_type,
        case defaults.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
            else 'types' end
    ) {_TO}
from names
inner join pg_catalog.pg_default_acl as defaults on names.oid = defaults.defaclnamespace
cross join aclexplode(defaults.defaclacl) as rights
where pg_get_userbyid(defaults.defaclrole) = current_user and rights.grantee <> defaults.defaclrole
"""
