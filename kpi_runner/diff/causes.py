"""What changed between a publication and a warehouse, and so can have changed a figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from kpi_runner.published import Delivery, State

#: What can have changed a figure, in the order in which it is named.
CAUSES = ("as_of", "settings", "code", "data")

#: Settings that say which figures are built ahead: they change none.
GRID_SETTINGS = frozenset({"grid", "grid_of_kpis"})


def changes(old: State, new: State) -> list[str]:
    """What figures hang on and has changed, each said in a line that begins with one of CAUSES."""
    lines = []
    if old.as_of != new.as_of:
        lines.append(f"as_of: {old.as_of} → {new.as_of} UTC")
    for name, (before, after) in changed_settings(old, new).items():
        lines.append(f"settings: {name}: {_short_json(before)} → {_short_json(after)}")
    code = old.build.code, new.build.code
    if code[0].content_hash != code[1].content_hash:
        commits = [(version.git_commit or "no commit")[:12] for version in code]
        hashes = [version.content_hash[:12] for version in code]
        lines.append(f"code: content {hashes[0]} → {hashes[1]}, commit {commits[0]} → {commits[1]}")
    for tool in ("dbt_version", "engine_version"):
        before, after = (getattr(version, tool) for version in code)
        if before != after:
            lines.append(f"code: {tool} {before} → {after}")
    for (system, entity), (before, after) in _deliveries(old, new).items():
        counts = [str(entry.rows) if entry else "not delivered" for entry in (before, after)]
        lines.append(f"data: {system} {entity}: other rows ({counts[0]} → {counts[1]})")
    return lines


def changed_settings(old: State, new: State) -> dict[str, tuple[Any, Any]]:
    """The settings that differ, then and now."""
    before, after = old.build.settings, new.build.settings
    names = sorted(before.keys() | after.keys())
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def _deliveries(old: State, new: State) -> dict[tuple[str, str], tuple[Delivery | None, Delivery | None]]:
    """The deliveries that differ, then and now."""
    before, after = ({(entry.source_system, entry.entity): entry for entry in state.deliveries} for state in (old, new))
    keys = sorted(before.keys() | after.keys())
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


def _short_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 60 else text[:59] + "…"


def causes_of_kpi(kpi_id: str, old: State, new: State) -> tuple[list[str], list[str]]:
    """What may have changed figures of a KPI: by what it is made of, and by what anything is made of."""
    everything, own = [], []
    if old.as_of != new.as_of:
        everything.append("as_of")
        own.append("as_of")
    if not GRID_SETTINGS.issuperset(changed_settings(old, new)):
        everything.append("settings")
        own.append("settings")
    tools = [(state.build.code.dbt_version, state.build.code.engine_version) for state in (old, new)]
    kpis = [state.build.kpis.get(kpi_id) for state in (old, new)]
    if tools[0] != tools[1] or old.build.code.content_hash != new.build.code.content_hash:
        everything.append("code")
    own_code = [(kpi.code_hash if kpi else None) for kpi in kpis]
    if tools[0] != tools[1] or own_code[0] != own_code[1]:
        own.append("code")
    delivered = {entity for _, entity in _deliveries(old, new)}
    if delivered:
        everything.append("data")
    if delivered & {entity for kpi in kpis if kpi for entity in kpi.entities}:
        own.append("data")
    return own, everything


def cause_of_figure(own: Sequence[str], everything: Sequence[str], is_settled: bool, has_rows: bool) -> tuple[str, ...]:
    """What changed a figure: what has changed and can have done it.

    The as-of moves no figure of a period that was complete before; the data moves none behind which no row has changed.
    """
    candidates = list(own or everything)
    for cause, is_excluded in (("as_of", is_settled), ("data", not has_rows)):
        if is_excluded and cause in candidates and len(candidates) > 1:
            candidates.remove(cause)
    return tuple(candidates) or ("unknown",)
