"""Which rows of an entity stay: broken rows are rejected, duplicates merged (sources.md)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..clock import Clock
from ..company import COLUMNS, LOADED_AT, Row
from . import prospects, selling, trade, web
from .entity import Entity
from .parsing import text

ENTITIES: Mapping[str, Entity] = {
    **selling.ENTITIES,
    **prospects.ENTITIES,
    **web.ENTITIES,
    **trade.ENTITIES,
}


class Rejected(NamedTuple):
    """A row that could not be used; `key` is its raw key text, parts joined by `|`."""

    entity: str
    key: str
    rule: str


class Counts(NamedTuple):
    """delivered = mart + rejected + merged, per entity."""

    delivered: int
    mart: int
    rejected: int
    merged: int


Typed = dict[str, Any]


class _Candidate(NamedTuple):
    """A row whose required columns are in order."""

    key: str
    values: Typed
    loaded_at: datetime | None


def _raw(row: Row, column: str) -> str | None:
    """A cell's text without the white space around it (decision 3); an empty one is null."""
    return (row.get(column) or "").strip(" \t\n\v\f\r\xa0") or None


def _parse(entity: str, row: Row, clock: Clock) -> Typed:
    """A row's typed values; what cannot be read is null."""
    values: Typed = {}
    for column in COLUMNS[entity]:
        cell = _raw(row, column)
        parser = ENTITIES[entity].parsers.get(column, text)
        values[column] = None if cell is None else parser(cell, clock)
    return values


def _broken_rule(entity: str, values: Typed) -> str | None:
    """The first rule that makes a row unusable (sources.md, Rows that break a rule)."""
    for column in ENTITIES[entity].required:
        if values[column] is None:
            return f"required:{column}"
    if entity == "quotas" and (values["rep_id"] is None) == (values["team"] is None):
        return "quota_owner"
    return None


def _distinct(group: Sequence[_Candidate]) -> list[Typed]:
    """The different contents of rows, in the canonical columns."""
    contents: list[Typed] = []
    for candidate in group:
        if candidate.values not in contents:
            contents.append(candidate.values)
    return contents


def _winner(group: Sequence[_Candidate]) -> Typed | None:
    """The one content that stays of the rows of one key, or None: all are rejected.

    Identical rows are one; of differing ones the newest by `_loaded_at` stays, where the newest
    is one content. A row without `_loaded_at` is older than any that has one.
    """
    contents = _distinct(group)
    if len(contents) == 1:
        return contents[0]
    newest = max((c.loaded_at for c in group if c.loaded_at is not None), default=None)
    if newest is None:
        return None
    contents = _distinct([c for c in group if c.loaded_at == newest])
    return contents[0] if len(contents) == 1 else None


def clean(entity: str, rows: Sequence[Row], clock: Clock) -> tuple[list[Typed], list[Rejected], Counts]:
    """One entity: reject broken rows first, then settle the duplicates."""
    rejected: list[Rejected] = []
    groups: dict[tuple[Any, ...], list[_Candidate]] = {}
    for row in rows:
        key = "|".join(_raw(row, column) or "" for column in ENTITIES[entity].key)
        values = _parse(entity, row, clock)
        rule = _broken_rule(entity, values)
        if rule is not None:
            rejected.append(Rejected(entity, key, rule))
            continue
        loaded = _raw(row, LOADED_AT)
        candidate = _Candidate(key, values, clock.parse_instant(loaded) if loaded else None)
        groups.setdefault(tuple(values[column] for column in ENTITIES[entity].key), []).append(candidate)
    kept: list[Typed] = []
    merged = 0
    for group in groups.values():
        winner = _winner(group)
        if winner is None:
            rejected += [Rejected(entity, c.key, "duplicate_key") for c in group]
        else:
            kept.append(winner)
            merged += len(group) - 1
    return kept, rejected, Counts(len(rows), len(kept), len(rejected), merged)
