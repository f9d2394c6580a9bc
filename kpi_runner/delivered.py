"""Delivered files as tables of texts, for databases that read no file of this machine.

They are read by DuckDB and by the macros of its builds, so that every text is the one that a build in a file gets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kpi_runner.dbt_log import essence, unreadable
from kpi_runner.errors import DataError
from kpi_runner.macros import file_macros
from kpi_runner.project import Project
from kpi_runner.sql import text_literal
from kpi_runner.versions import DATA_FOLDERS

#: The folder whose schema holds the tables of loaded files, and its table that says their headers: see loaded.sql.
FILES, HEADERS = "files", "headers"
HEADER_COLUMNS = ("table_name", "place", "column_name")

#: How files end that deliver entities.
SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class TextTable:
    """A file's header as it stands there, in lower case, and the names of its columns, none of which is another's."""

    header: list[str]
    columns: list[str]


def header_rows(table: str, header: Sequence[str]) -> list[tuple[str, str, str]]:
    """The rows of HEADERS that say the header of a file, in the order of their places as texts."""
    return [(table, f"{place:06}", column) for place, column in enumerate(header)]


def delivered_files(directory: Path, delivering: Mapping[str, str]) -> list[Path]:
    """The files of a directory that a source system in use reads; `delivering` is what dbt_log.entities() gives."""
    return [
        path
        for path in sorted(directory.iterdir())
        if path.suffix in SUFFIXES and path.is_file() and not delivering.keys().isdisjoint((path.name, path.stem))
    ]


def files_of_build(
    manifest: Path, project: Project, variables: Mapping[str, Any], delivering: Mapping[str, str]
) -> dict[Path, str]:
    """The files that a build reads, each with its name in it.

    These are the delivered ones, where data_dir is a directory: what has no slash is a schema of the server. And the
    seeds that a company writes itself, as seeds/<name>: those in no folder of a source system.
    """
    data_dir = str(variables.get("data_dir") or project.settings().get("data_dir") or "")
    directory = project.directory / data_dir
    found: dict[Path, str] = {}
    if "/" in data_dir and directory.is_dir():
        found = {file: file.name for file in delivered_files(directory, delivering)}
    of_systems = [project.directory / folder for folder in DATA_FOLDERS]
    for node in json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values():
        file = project.directory / node["original_file_path"]
        if node["resource_type"] == "seed" and not any(folder in file.parents for folder in of_systems):
            found[file] = f"seeds/{file.name}"
    return found


def read_as_texts(file: Path, text: Path, project_dir: Path, delivering: Mapping[str, str]) -> TextTable:
    """Writes the rows of a CSV or Parquet file to `text`: every value in quotes, nothing for null, no header.

    Raises DataError, which names the file and the entity that it delivers, where it cannot be read to its end.
    """
    try:
        with duckdb.connect() as connection:
            # The bar would stand in the data: DuckDB draws it on stdout.
            connection.execute("set enable_progress_bar = false")
            macros = file_macros(project_dir, lambda sql: connection.execute(sql).fetchall())
            header: list[str] = list(macros.default__file_header(str(file)))
            columns: list[str] = list(macros.distinct_names(header))
            if header:
                connection.execute(
                    f"copy (select cast(columns(*) as varchar) from {macros.default__read_file(str(file), header)})"
                    f" to {text_literal(str(text))} (format csv, header false, force_quote *)"
                )
    except duckdb.Error as error:
        reason = essence(str(error)).replace(f"file = {file}", "").strip()
        raise DataError(f"{unreadable(file, reason, delivering)}\nNothing was changed.") from None
    return TextTable(header, columns)
