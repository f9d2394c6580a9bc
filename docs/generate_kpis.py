"""Writes docs/kpis.md from the KPIs' SQL files and YAML entries, as dbt parses them: `python -m docs.generate_kpis`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from kpi_runner.render import healthy_range

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "kpis.md"

INTRODUCTION = """\
# The KPIs

Written by `make docs` from `metrics/`; edit the SQL files and their YAML entries, not this page. `kpi list` shows the
same of a warehouse, with what the delivered data cannot give.

A **formula** is made of the KPI's inputs, columns of its rows; the SQL file that is linked says what each of them is.
`a ÷ b` divides their sums, in every slice and period anew. *previous* and *year-ago* are those of the period before and
of a year earlier, *trailing* those of the 12 monthly steps back from the period's end.

The **basis** says which rows meet a period. *flow*: what happened in it. *cohort*: what started in it, whatever came of
it later; provisional until `cohort_window_days` after its end. *as-of*: what holds at its end. *derived*: worked out
from several of these.

**Needs** are the entities and columns without which a measure is unavailable; where `or` stands between two, one is
enough. *customers* are subscriptions with `ended_on`, or with `customer_lifecycle: purchases` the `account_id` of
deals, or of orders where there are no deals. *closed_deals* are deals with `closed_at`, or with `deal_stage_changes`. A
slice may need more: the column that it is cut by.

Percentages are stored as fractions. Ranges of your own (`seeds/targets.csv`) stand above the healthy ranges here.
"""


class Described(NamedTuple):
    """A measure of a KPI as the catalog has it: what it does not say itself it takes from its KPI."""

    name: str
    formula: str
    unit: str
    basis: str
    better: str
    healthy: Mapping[str, Any]
    dimensions: tuple[str, ...]
    needs: tuple[str, ...]


def parsed_manifest() -> dict[str, Any]:
    """The manifest that `dbt parse` makes of the project; no warehouse is needed."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(ROOT / "profiles.yml.example", Path(directory) / "profiles.yml")
        command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]
        command += ["--quiet", "parse", "--project-dir", str(ROOT)]
        command += ["--target-path", directory, "--log-path", directory]
        environment = os.environ | {"DBT_PROFILES_DIR": directory, "KPI_DUCKDB_PATH": f"{directory}/kpi.duckdb"}
        subprocess.run(command, env=environment, cwd=directory, check=True, stdout=sys.stderr)
        found: dict[str, Any] = json.loads((Path(directory) / "manifest.json").read_text(encoding="utf-8"))
    return found


def page(manifest: Mapping[str, Any]) -> str:
    """The page: the KPIs of a manifest by theme, base metrics first, then by number."""
    kpis = [node for node in manifest["nodes"].values() if node["config"].get("materialized") == "kpi"]
    kpis.sort(key=lambda kpi: (kpi["fqn"][1] != "base", kpi["fqn"][1], _meta(kpi).get("number") or 0, kpi["name"]))
    parts = [INTRODUCTION]
    for theme, members in groupby(kpis, key=lambda kpi: kpi["fqn"][1]):
        parts.append(f"## {theme.capitalize()}\n")
        parts.extend(_section(kpi) for kpi in members)
    return "\n".join(parts)


def described(kpi: Mapping[str, Any]) -> list[Described]:
    """The measures of a KPI (a node of the manifest), the primary one first."""
    meta = _meta(kpi)
    spec = meta["spec"]
    own_of = meta.get("measures") or {}
    found: list[Described] = []
    for name, measure in spec["measures"].items():
        own = own_of.get(name) or {}
        healthy = own.get("healthy", {} if found else meta.get("healthy")) or {}
        needs = own["needs_only"] if "needs_only" in own else meta.get("needs", []) + own.get("needs", [])
        found.append(
            Described(
                name,
                formula_text(measure),
                own.get("unit", meta["unit"]),
                own.get("basis", meta["basis"]),
                own.get("better", meta["better"]),
                healthy,
                tuple(measure.get("dimensions", spec["dimensions"])),
                tuple(dict.fromkeys(needs)),
            )
        )
    return found


def _meta(kpi: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = kpi["config"]["meta"]
    return found


def _section(kpi: Mapping[str, Any]) -> str:
    meta, measures = _meta(kpi), described(kpi)
    number = f"{meta['number']} · " if meta.get("number") else ""
    lines = [
        f"### {number}{meta['title']}",
        "",
        f"`{kpi['name']}` · *{meta['question']}*",
        "",
        " ".join(kpi["description"].split()),
        "",
        "| measure | formula | basis | unit | better | healthy | needs |",
        "|---|---|---|---|---|---|---|",
        *(_row(measure) for measure in measures),
        "",
        *_notes(meta["spec"], measures),
        f"Rows: [{kpi['original_file_path']}](../{kpi['original_file_path']})",
    ]
    return "\n".join(lines) + "\n"


def _row(measure: Described) -> str:
    cells = (
        f"`{measure.name}`",
        measure.formula,
        measure.basis,
        measure.unit,
        measure.better,
        _healthy_text(measure),
        ", ".join(_need_text(need) for need in measure.needs),
    )
    return "| " + " | ".join(cells) + " |"


def _need_text(need: str) -> str:
    """A need in words: `a|b` is either, `a.b?` only where a is delivered."""
    alternatives = need.split("|")
    words = [f"{one[:-1]} (where there are {one.split('.')[0]})" if one.endswith("?") else one for one in alternatives]
    return " or ".join(words)


def _healthy_text(measure: Described) -> str:
    healthy = measure.healthy
    text = healthy_range(
        healthy.get("above", healthy.get("low")),
        healthy.get("below", healthy.get("high")),
        measure.unit,
        low_is_exclusive="above" in healthy,
        high_is_exclusive="below" in healthy,
    )
    return text + (f" ({', '.join(healthy['grains'])})" if healthy.get("grains") else "")


def _notes(spec: Mapping[str, Any], measures: Sequence[Described]) -> list[str]:
    """What holds for all measures: slices, grains, and inputs that are worked out per subject."""
    slices = f"Slices: {', '.join(spec['dimensions']) or 'none'}"
    for names, dimensions in _cut_otherwise(spec, measures):
        slices += f"; {names} by {', '.join(dimensions) or 'nothing'} alone"
    notes = [f"{slices}. "]
    if spec.get("grains"):
        grains = [grain.replace("_", " ") for grain in spec["grains"] if grain != "custom"]
        notes.append(f"Grains: {', '.join(grains)}, and custom ranges. ")
    for subject, inputs in (spec.get("subjects") or {}).items():
        notes.append(f"Worked out per `{subject}` first: {', '.join(f'`{name}`' for name in inputs)}. ")
    return ["".join(notes).rstrip() + "\\"]


def _cut_otherwise(spec: Mapping[str, Any], measures: Sequence[Described]) -> list[tuple[str, tuple[str, ...]]]:
    """The measures with fewer dimensions than their KPI: their names, and the dimensions that they have."""
    others = [measure for measure in measures if measure.dimensions != tuple(spec["dimensions"])]
    return [
        (", ".join(f"`{measure.name}`" for measure in same), dimensions)
        for dimensions, same in groupby(others, key=lambda measure: measure.dimensions)
    ]


# --- Formulas


def formula_text(measure: Mapping[str, Any]) -> str:
    """What a measure of a spec (see macros/kpi/rollup.sql) is, in words and signs."""
    if "count" in measure:
        return f"rows with `{measure['count']}`"
    if "sum" in measure:
        return f"sum of `{measure['sum']}`"
    if "mean" in measure:
        return f"mean {_age(measure, measure['mean'])}"
    if "percentile" in measure:
        name, share = measure["percentile"]
        return f"{'median' if share == 0.5 else f'{100 * share:g}th percentile'} {_age(measure, name)}"
    if "share" in measure:
        return f"rows with `{measure['share']}` ÷ those of the whole period"
    if "ratio" in measure:
        top, bottom = (_input_text(name) for name in measure["ratio"])
        text = f"`{top} ÷ {bottom}`"
        return text + (f", where some row has `{measure['null_unless']}`" if "null_unless" in measure else "")
    return f"`{_in_signs(measure['formula'])}`"


def _age(measure: Mapping[str, Any], name: str) -> str:
    return f"of the days from `{name}` to the period's end" if measure.get("age") else f"of `{name}`"


_WINDOWS = {
    "previous": "previous {}",
    "year": "year-ago {}",
    "trailing": "trailing {}",
    "trailing_months": "months of {}",
}
_PERIOD = {"selling_days": "selling days", "end_day_number": "day of the period's end"}


def _input_text(name: str) -> str:
    """An input as a formula names it: alone, or of a window or the period (`previous.amount`)."""
    window, _, rest = name.rpartition(".")
    if window == "period":
        return _PERIOD[rest]
    return _WINDOWS[window].format(rest) if window else rest


def _in_signs(formula: str) -> str:
    """A formula without SQL: ÷ for a division that is null over 0, × and −, and inputs by their names."""
    text = re.sub(r"case when slice = 0 then (.*?) else (.*?) end", r"(in the total \1, else \2)", formula)
    while (start := text.find("nullif(")) >= 0:
        opened = start + len("nullif(")
        inner = text[opened : _closing(text, opened)]
        inner = inner.removesuffix(", 0")
        is_composed = re.fullmatch(r"\{[^}]*\}", inner) is None
        closed = _closing(text, opened) + 1
        text = text[:start] + (f"({inner})" if is_composed else inner) + text[closed:]
    text = text.replace(" * ", " × ").replace(" / ", " ÷ ")
    return re.sub(r"\{([^}]*)\}", _in_braces, text).replace(" - ", " − ")


def _closing(text: str, opened: int) -> int:
    """Where the bracket closes inside which the text goes on at `opened`."""
    depth = 1
    for place in range(opened, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"no bracket closes in {text!r}")


def _in_braces(match: re.Match[str]) -> str:
    """An input, or a difference of two, in brackets."""
    names = [_input_text(name) for name in match[1].split(" - ")]
    return names[0] if len(names) == 1 else f"({' − '.join(names)})"


if __name__ == "__main__":
    PAGE.write_text(page(parsed_manifest()), encoding="utf-8")
