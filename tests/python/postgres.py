"""A PostgreSQL server for tests: on loopback, in a directory of its own, gone with the tests that asked for it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from tests.python.conftest import FIGURE_COLUMNS, ROOT, Result, called

#: Where Debian puts the server's programs, which are on nobody's path.
DEBIAN = Path("/usr/lib/postgresql")

#: The user that Debian's package makes: the server refuses to run as root.
UNPRIVILEGED = "postgres"

SUPERUSER = "tests"

#: The roles of docs/postgres.md: one that builds, one that reads.
BUILDER, READER = "kpi", "dashboards"

#: The schema that deliveries lie in.
RAW = "raw"


def programs() -> Path | None:
    """The directory of the server's programs, none where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return max(DEBIAN.glob("*/bin"), default=None, key=lambda path: int(path.parent.name))


@dataclass(frozen=True)
class Server:
    """A running server, and a directory for what tests put beside its databases."""

    port: int
    directory: Path

    def environment(self, database: str, user: str = SUPERUSER) -> dict[str, str]:
        """The variables from which profiles.yml.example takes where it is."""
        return {
            "KPI_POSTGRES_HOST": "127.0.0.1",
            "KPI_POSTGRES_PORT": str(self.port),
            "KPI_POSTGRES_USER": user,
            "KPI_POSTGRES_PASSWORD": "not asked for",
            "KPI_POSTGRES_DATABASE": database,
        }

    def created(self, database: str) -> Place:
        """A new database of the role that builds."""
        self.execute(f"create database {database} owner {BUILDER}")
        return Place(self, database)

    @contextmanager
    def connected(self, database: str = "postgres", user: str = SUPERUSER) -> Iterator[Any]:
        """A connection on which every statement counts at once."""
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user=user, dbname=database)
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    def execute(self, sql: str, database: str = "postgres", user: str = SUPERUSER) -> list[tuple[Any, ...]]:
        """What a statement gives, nothing where it gives no rows."""
        with self.connected(database, user) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def load(self, database: str, schema: str, files: Mapping[str, Path]) -> None:
        """Each CSV file as a table of texts in a schema, an empty cell being null."""
        with self.connected(database) as connection, connection.cursor() as cursor:
            cursor.execute(f'create schema "{schema}"')
            for table, file in files.items():
                with file.open(encoding="utf-8") as text:
                    columns = ", ".join(f'"{name.lower()}" text' for name in text.readline().strip().split(","))
                    cursor.execute(f'create table "{schema}"."{table}" ({columns})')
                    cursor.copy_expert(f'copy "{schema}"."{table}" from stdin (format csv)', text)


@dataclass(frozen=True)
class Place:
    """A database, and commands on the target of it; what belongs to it and is no part of it lies in a directory."""

    server: Server
    database: str

    def environment(self, user: str = BUILDER) -> dict[str, str]:
        """What a command's environment has beside that of the tests."""
        return self.server.environment(self.database, user) | {
            "DBT_PROFILES_DIR": str(ROOT / "tests"),
            "KPI_WAREHOUSE_DIR": str(self.beside),
            "DBT_TARGET": "postgres",
        }

    @property
    def beside(self) -> Path:
        """The directory of publications."""
        return self.server.directory / self.database

    def call(self, *arguments: str, user: str = BUILDER) -> Result:
        """A command in this process."""
        return called(self.environment(user), *arguments)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "kpi_runner.cli", *arguments],
            cwd=ROOT,
            env=os.environ | self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def rows(self, sql: str, user: str = BUILDER) -> list[tuple[Any, ...]]:
        """What a statement gives."""
        return self.server.execute(sql, self.database, user)

    def figures(self, file: Path) -> Path:
        """The figures, written to a file as engines.other_figures() takes it."""
        with self.server.connected(self.database) as connection, connection.cursor() as cursor, file.open("w") as text:
            sql = f"select {FIGURE_COLUMNS} from kpi.kpi_values"
            cursor.copy_expert(f"copy ({sql}) to stdout (format csv, header)", text)
        return file


def statements(beginning: str) -> str:
    """The block of SQL in docs/postgres.md that begins so."""
    page = (ROOT / "docs" / "postgres.md").read_text(encoding="utf-8")
    (block,) = [text for text in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if text.strip().startswith(beginning)]
    return str(block)


@contextmanager
def server() -> Iterator[Server]:
    """A new server with the two roles."""
    with tempfile.TemporaryDirectory(prefix="postgres_") as directory:
        for running in _served(Path(directory)):
            running.execute(f"create role {BUILDER} login; create role {READER} login")
            yield running


def _served(directory: Path) -> Iterator[Server]:
    bindir = programs()
    assert bindir is not None, "PostgreSQL is not installed here (Debian: postgresql)"
    account = UNPRIVILEGED if os.geteuid() == 0 else None
    if account:
        shutil.chown(directory, account)
    data = directory / "data"
    run: dict[str, Any] = {"cwd": directory, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    made = subprocess.run(
        [bindir / "initdb", "-D", data, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
        check=False, user=account, **run,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(directory), "-c", "fsync=off"]
    with (directory / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [bindir / "postgres", "-D", data, *options], cwd=directory, stdout=log, stderr=log, user=account
        )
    try:
        _await(port, process, directory / "log")
        with tempfile.TemporaryDirectory(prefix="beside_postgres_") as beside:
            yield Server(port, Path(beside))
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when the server answers."""
    for _ in range(300):
        try:
            psycopg2.connect(host="127.0.0.1", port=port, user=SUPERUSER, dbname="postgres").close()
        except psycopg2.OperationalError:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        else:
            return
    sys.exit(f"PostgreSQL does not answer: {log.read_text(encoding='utf-8')}")
