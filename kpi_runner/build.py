"""Building the warehouse: dbt, run beside the old figures, which stay until the new ones are whole."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from kpi_runner.errors import DataError, LockedError, UsageError
from kpi_runner.project import PROFILES_EXAMPLE, Project, Target

#: What every build makes beside the KPIs: what queries, exports and dashboards read.
ALWAYS_BUILT = (
    "kpi_values", "kpi_catalog", "kpi_scorecard", "run_settings", "row_counts", "rejected_rows",
)  # fmt: skip


def build(project: Project, target: Target, variables: Mapping[str, Any], kpis: Sequence[str]) -> dict[str, float]:
    """Builds the KPIs (all, where none are named) into the target's warehouse, whole or not at all.

    Returns the seconds that each model took. The new warehouse is built beside the old one and takes
    its place when it is finished; a build that fails leaves the old one as it was. Raises LockedError
    while another run builds, UsageError where dbt refuses one of the variables, and DataError where
    it refuses otherwise.
    """
    target.path.parent.mkdir(parents=True, exist_ok=True)
    with _lock(target.path):
        work = target.path.with_name(f".{target.path.name}.building")
        work.mkdir(exist_ok=True)
        # The file keeps its name: views name the database they lie in by it.
        unfinished = work / target.path.name
        _remove(unfinished)
        try:
            seconds = _run_dbt(project, target, variables, kpis, unfinished, work)
            os.replace(unfinished, target.path)
        finally:
            _remove(unfinished)
    return seconds


@contextmanager
def _lock(warehouse: Path) -> Iterator[None]:
    """Holds the warehouse's lock; the system frees it when the process ends, however it ends."""
    path = warehouse.with_name(f".{warehouse.name}.lock")
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise LockedError(
                f"Another run (process {holder}) is building {warehouse}. Wait until it is done."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


def _run_dbt(
    project: Project,
    target: Target,
    variables: Mapping[str, Any],
    kpis: Sequence[str],
    warehouse: Path,
    work: Path,
) -> dict[str, float]:
    """Runs dbt in a process of its own and follows its log; returns the seconds that each model took."""
    command = [sys.executable, "-m", "dbt.cli.main", "--log-format", "json", "--no-use-colors"]
    command += ["--log-level-file", "none", "build", "--exclude-resource-type", "test", "unit_test"]
    command += ["--project-dir", str(project.directory), "--target", target.name]
    command += ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    command += ["--vars", json.dumps(dict(variables))]
    if kpis:
        command += ["--select", *(f"+{name}" for name in (*kpis, *ALWAYS_BUILT))]
    environment = os.environ | {
        "KPI_DUCKDB_PATH": str(warehouse),
        "DBT_PROFILES_DIR": str(_profiles_dir(project, work)),
    }
    with subprocess.Popen(
        command,
        cwd=project.directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        log = _DbtLog(process.stdout)
        try:
            log.follow()
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0 or not warehouse.is_file():
        complaint = log.complaint() + "\nNothing was changed."
        raise UsageError(complaint) if complaint.split(":")[0] in variables else DataError(complaint)
    return log.seconds


def _profiles_dir(project: Project, work: Path) -> Path:
    """The directory with profiles.yml; the example becomes one for users who have none."""
    if project.profiles_file.name != PROFILES_EXAMPLE:
        return project.profiles_file.parent
    directory = work / "profiles"
    directory.mkdir(exist_ok=True)
    text = project.profiles_file.read_text(encoding="utf-8")
    (directory / "profiles.yml").write_text(text, encoding="utf-8")
    return directory


class _DbtLog:
    """Follows dbt's JSON log: shows progress on a terminal, keeps errors and timings."""

    def __init__(self, lines: IO[str]) -> None:
        self.lines = lines
        self.seconds: dict[str, float] = {}
        self.errors: list[str] = []
        self.plain: list[str] = []

    def follow(self) -> None:
        """Reads the log to its end."""
        for line in self.lines:
            try:
                event = json.loads(line)
                info, data = event["info"], event["data"]
            except (ValueError, KeyError, TypeError):
                self.plain.append(line.rstrip())
                continue
            if info["level"] == "error":
                self.errors.append(info["msg"])
            if info["name"] in ("LogModelResult", "LogSeedResult"):
                name = data["node_info"]["node_name"]
                self.seconds[name] = float(data["execution_time"])
                _show_progress(data["index"], data["total"], name)
        _show_progress(0, 0, "")

    def complaint(self) -> str:
        """The first error as a person can act on it: without dbt's frames around it."""
        for message in self.errors:
            text = _essence(message)
            if text:
                return text
        return "dbt failed: " + "\n".join(self.plain[-5:] or self.errors[-5:] or ["no message"])


def _essence(message: str) -> str:
    """What a dbt message says, without the lines that say where in dbt it came from."""
    kept = []
    for line in message.splitlines():
        text = line.strip()
        if not text or text.startswith((">", "compiled code at", "Completed with", "Failure in")):
            continue
        if text.startswith(("Compilation Error", "Runtime Error", "Encountered an error")):
            continue
        if text.startswith("Possible fixes"):
            # What follows is advice on options of the CSV reader, which nobody can set here.
            kept += [place for place in map(str.strip, message.splitlines()) if place.startswith("file = ")]
            break
        kept.append(text.removeprefix("Invalid Input Error: "))
    if len(kept) == 1 and ("ERROR creating" in kept[0] or "ERROR hook" in kept[0]):
        return ""
    return "\n".join(kept)


def _show_progress(index: int, total: int, name: str) -> None:
    """One line on a terminal's stderr, overwritten as the build goes on; nothing elsewhere."""
    if not sys.stderr.isatty():
        return
    text = f"[{index}/{total}] {name}" if total else ""
    click.echo(f"\r{text:<70}\r", nl=False, err=True)
