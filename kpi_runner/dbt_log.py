"""What dbt says while it builds: progress, timings, and errors as a person can act on them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import click

#: The line, no event of dbt's own, by which the building process says that it has read the project.
PROJECT_READ = "ProjectRead"

#: A file in DuckDB's words: of the CSV reader on a line of its own, of the Parquet reader in quotes.
_FILE = re.compile(r"^file = (?P<csv>.+)$|(?i:file) '(?P<parquet>.+\.parquet)'", re.MULTILINE)


#: A run's own complaint as Spark has it.
_RAISED = re.compile(r"\[USER_RAISED_EXCEPTION\] (?P<text>.*?)(?: SQLSTATE: \w+)?")

#: How dbt says which model an error is of.
_MODEL = re.compile(r"Error in model (?P<name>\w+) ")

#: What an engine says where the machine is too small for a model, and what helps.
_TOO_SMALL = {
    "Out of Memory Error": "KPI_DUCKDB_MEMORY says how much memory a run may take; it needs the disk for what is more.",
    "No space left on device": "A run writes beside the warehouse: a new one, and what does not fit into memory.",
}

#: How lines begin that say where in dbt a message came from.
_FRAMES = (">", "compiled code at", "Completed with", "Failure in", "Unhandled error while executing")


class DbtLog:
    """Follows dbt's JSON log: shows progress on a terminal, keeps errors and timings.

    `when_read` is called when dbt has read the project and waits to be told that it may build.
    """

    def __init__(self, lines: IO[str], when_read: Callable[[], None]) -> None:
        self.lines = lines
        self.when_read = when_read
        self.seconds: dict[str, float] = {}
        self.errors: list[str] = []
        self.plain: list[str] = []

    def follow(self) -> None:
        """Reads the log to its end."""
        try:
            self._read()
        finally:
            _show_progress(0, 0, "")

    def _read(self) -> None:
        for line in self.lines:
            try:
                event = json.loads(line)
                info, data = event["info"], event["data"]
            except (ValueError, KeyError, TypeError):
                self.plain.append(line.rstrip())
                continue
            if info["name"] == PROJECT_READ:
                self.when_read()
            if info["level"] == "error":
                self.errors.append(info["msg"])
            if info["name"] in ("LogModelResult", "LogSeedResult"):
                name = data["node_info"]["node_name"]
                self.seconds[name] = float(data["execution_time"])
                _show_progress(data["index"], data["total"], name)

    def complaint(self) -> str:
        """The first error as a person can act on it: without dbt's frames around it."""
        for message in self.errors:
            text = essence(message)
            if text:
                return naming_what_is_too_small(text, message)
        return "dbt failed: " + "\n".join(self.plain[-5:] or self.errors[-5:] or ["no message"])


def essence(message: str) -> str:
    """What a message of dbt or an engine says, without the lines that say where in dbt it came from."""
    kept = []
    for line in message.splitlines():
        text = line.strip()
        if not text or text.startswith(_FRAMES):
            continue
        raised = _RAISED.fullmatch(text)
        if raised:
            text = raised["text"]
        if text.startswith(("Compilation Error", "Runtime Error", "Encountered an error")):
            continue
        if text.startswith(("Possible fixes", "Possible Solution", "Possible solutions", "file = ")):
            # What follows is advice on options of DuckDB or its CSV reader, which nobody can set here.
            kept += [place for place in map(str.strip, message.splitlines()) if place.startswith("file = ")]
            break
        if text.startswith("LINE ") or set(text) == {"^"}:
            # A place in SQL that the reader of the message has not written.
            continue
        kept.append(text.removeprefix("Invalid Input Error: "))
    if len(kept) == 1 and ("ERROR creating" in kept[0] or "ERROR hook" in kept[0]):
        return ""
    return "\n".join(kept)


def naming_what_is_too_small(complaint: str, message: str) -> str:
    """A complaint; of a machine that is too small with the model, by the message that it was in, and what helps."""
    model = _MODEL.search(message)
    for said, advice in _TOO_SMALL.items():
        if said in complaint:
            return f"{model['name'] + ' could not be built: ' if model else ''}{complaint}\n{advice}"
    return complaint


def naming_the_delivery(complaint: str, manifest: Path) -> str:
    """A complaint about a file that cannot be read, with the entity that it delivers, by dbt's manifest."""
    found = _FILE.search(complaint)
    if not found:
        return complaint
    file = found["csv"] or found["parquet"]
    return unreadable(Path(file), complaint.replace(f"file = {file}", "").strip(), entities(manifest))


def unreadable(file: Path, reason: str, delivering: Mapping[str, str]) -> str:
    """That a file cannot be read, with the entity that it delivers where it does, by what entities() gives."""
    entity = delivering.get(file.name) or delivering.get(file.stem)
    return f"{entity + ': ' if entity else ''}{file} cannot be read: {reason}"


def entities(manifest: Path) -> dict[str, str]:
    """The entities that are delivered by files, by the file's name or, where it may end in several ways, its stem."""
    found = {}
    if manifest.is_file():
        for node in json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values():
            meta = node["config"].get("meta") or {}
            if meta.get("file"):
                found[str(meta["file"])] = str(meta["entity"])
    return found


def _show_progress(index: int, total: int, name: str) -> None:
    """One line on a terminal's stderr, overwritten as the build goes on; nothing elsewhere."""
    if not sys.stderr.isatty():
        return
    text = f"[{index}/{total}] {name}" if total else ""
    click.echo(f"\r{text:<70}\r", nl=False, err=True)
