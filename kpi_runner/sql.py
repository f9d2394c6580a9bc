"""Values and names as SQL: quoted, never pasted."""

from __future__ import annotations

from datetime import date, datetime


def quoted(name: str) -> str:
    """A name of a table or column."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text."""
    return "'" + text.replace("'", "''") + "'"


def date_literal(day: date) -> str:
    """A date."""
    return f"cast('{day.isoformat()}' as date)"


def timestamp_literal(instant: datetime | None) -> str:
    """A timestamp without a zone, null where there is none."""
    if instant is None:
        return "cast(null as timestamp)"
    return f"cast('{instant.isoformat(sep=' ')}' as timestamp)"
