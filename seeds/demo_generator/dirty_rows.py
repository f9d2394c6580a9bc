"""What the modules that break rows on purpose have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .tables import Row

Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class DirtyRow:
    """One broken row: where it is, what is wrong, and what becomes of it."""

    entity: str
    key: str
    case: str
    fate: str


Steps = tuple[Callable[[Tables], list[DirtyRow]], ...]
"""Functions that each spoil one thing in the tables, and say what."""


def at(rows: list[Row], share: float) -> Row:
    """Return the row that stands at this share of the list."""
    return rows[int(share * (len(rows) - 1))]
