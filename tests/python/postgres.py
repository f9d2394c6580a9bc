"""A PostgreSQL server for tests: on loopback, in a directory of its own, gone with the tests that asked for it."""

from __future__ import annotations

import os
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

#: Where Debian puts the server's programs, which are on nobody's path.
DEBIAN = Path("/usr/lib/postgresql")

#: The user that Debian's package makes: the server refuses to run as root.
UNPRIVILEGED = "postgres"

SUPERUSER = "tests"


def programs() -> Path | None:
    """The directory of the server's programs, none where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return max(DEBIAN.glob("*/bin"), default=None, key=lambda path: int(path.parent.name))


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int

    def environment(self, database: str, user: str = SUPERUSER) -> dict[str, str]:
        """The variables from which profiles.yml.example takes where it is."""
        return {
            "KPI_POSTGRES_HOST": "127.0.0.1",
            "KPI_POSTGRES_PORT": str(self.port),
            "KPI_POSTGRES_USER": user,
            "KPI_POSTGRES_PASSWORD": "not asked for",
            "KPI_POSTGRES_DATABASE": database,
        }

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


@contextmanager
def server() -> Iterator[Server]:
    """A new server, empty."""
    with tempfile.TemporaryDirectory(prefix="postgres_") as directory:
        yield from _served(Path(directory))


def _served(directory: Path) -> Iterator[Server]:
    bindir = programs()
    assert bindir is not None
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
        yield Server(port)
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
