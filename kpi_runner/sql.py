"""Values and names as SQL: quoted, never pasted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path


def quoted(name: str) -> str:
    """A name of a table or column."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text."""
    return "'" + text.replace("'", "''") + "'"


def csv_rows(file: Path, types: Mapping[str, str], header: bool) -> str:
    """The rows of a CSV file of ours as a table expression of DuckDB: nothing is null, all else in quotes.

    `types` are its columns, in their order, each with DuckDB's type; `header` says whether the file has one.
    """
    columns = ", ".join(f"{text_literal(name)}: {text_literal(type_)}" for name, type_ in types.items())
    return (
        f"read_csv({text_literal(str(file))}, auto_detect = false, header = {str(header).lower()}, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{columns}}}, nullstr = '', allow_quoted_nulls = false)"
    )


def date_literal(day: date) -> str:
    """A date."""
    return f"cast('{day.isoformat()}' as date)"


def lies_between(start: date | None, end: date | None) -> str:
    """The condition that a figure's period lies in `[start, end)`, unbounded where there is none."""
    first = f"period_start >= {date_literal(start)}" if start else "true"
    last = f"period_end <= {date_literal(end)}" if end else "true"
    return f"{first} and {last}"


def timestamp_literal(instant: datetime | None) -> str:
    """A timestamp without a zone, null where there is none."""
    if instant is None:
        return "cast(null as timestamp)"
    return f"cast('{instant.isoformat(sep=' ')}' as timestamp)"
