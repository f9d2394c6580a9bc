"""What a KPI is: its definition, its measures, and where their columns come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpi_runner.errors import DataError, UsageError
from kpi_runner.render import healthy_range
from kpi_runner.rollup import row_inputs
from kpi_runner.warehouse import Kpi, MeasureInfo, Warehouse, nearest

if TYPE_CHECKING:
    from sqlglot import exp

    from kpi_runner.lineage import Column, Lineage, Rows


@dataclass(frozen=True)
class MeasureLineage:
    """Where a measure comes from: its rows, and every column upstream of them with its sources."""

    rows: Rows
    graph: dict[Column, list[Column]]
    raw: list[Column]


# --- Definition


def definition(measure: Mapping[str, Any], kpi: Kpi) -> str:
    """What a measure is, in words: `sum of amount`, `won / closed`, a formula as it stands."""
    kinds = {"count": "rows with {}", "sum": "sum of {}", "mean": "mean of {}", "share": "share of rows with {}"}
    text = next((words.format(measure[kind]) for kind, words in kinds.items() if kind in measure), "")
    if "ratio" in measure:
        text = " / ".join(measure["ratio"])
    elif "percentile" in measure:
        name, part = measure["percentile"]
        text = f"{_percentile(part)} of {name}"
    elif "formula" in measure:
        text = re.sub(r"{([^{}]* - [^{}]*)}", r"(\1)", measure["formula"])
        text = re.sub(r"[{}]", "", text)
    if measure.get("age"):
        text += ", as days to the period's end"
    subjects = [subject for subject, inputs in (kpi.spec.get("subjects") or {}).items() if _mentioned(measure, inputs)]
    return f"{text}, per {' and '.join(subjects)}" if subjects else text


def worked_out(measure: Mapping[str, Any], kpi: Kpi) -> dict[str, str]:
    """The inputs of a measure that are worked out per subject, each with its SQL over the sums of the subject."""
    found: dict[str, str] = {}
    for inputs in (kpi.spec.get("subjects") or {}).values():
        found |= {name: inputs[name] for name in _mentioned(measure, inputs)}
    return found


def _percentile(part: float) -> str:
    return "median" if part == 0.5 else f"percentile {part * 100:g}"


def _mentioned(measure: Mapping[str, Any], inputs: Mapping[str, str]) -> list[str]:
    """Those of the inputs that a measure names."""
    text = str({key: value for key, value in measure.items() if key not in ("dimensions", "cohort", "age")})
    return [name for name in inputs if re.search(rf"\b{re.escape(name)}\b", text)]


# --- Compiled SQL


def compiled_sql(kpi_id: str, warehouse: Warehouse) -> str:
    """The SQL of a KPI as the last run compiled it. Raises DataError where that run did not build it."""
    found = warehouse.rows("select compiled_sql from compiled_models where model_name = ?", [kpi_id])
    if not found:
        raise DataError(f"{kpi_id} was not built by the last run. Build it with `kpi run --select {kpi_id}`.")
    return str(found[0][0]).strip()


def translated(sql: str, dialect: str, written_in: str = "duckdb") -> tuple[str, list[str]]:
    """SQL in another dialect than it is written in, and what that dialect lacks.

    Raises UsageError for a dialect that is none, and DataError where the SQL cannot be said in it.
    """
    import sqlglot
    from sqlglot.errors import ErrorLevel

    known = sorted(name for name in sqlglot.Dialect.classes if name)
    if dialect not in known:
        raise UsageError(
            f"--dialect: {dialect!r} is no dialect.{nearest(dialect, known)} It is one of {', '.join(known)}."
        )
    generator = sqlglot.Dialect.get_or_raise(dialect).generator(pretty=True, unsupported_level=ErrorLevel.IGNORE)
    try:
        text = generator.generate(_without_hints(_without_named_windows(sqlglot.parse_one(sql, dialect=written_in))))
    except Exception as error:
        # A translator of thirty dialects fails in ways of its own: on what it does not know, and on its own slips.
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(
            f"--dialect: the SQL cannot be translated to {dialect} ({reason})."
            " Without --dialect it is shown as the engine of the target has it."
        ) from None
    return text, list(dict.fromkeys(generator.unsupported_messages))


def _without_hints(tree: exp.Expr) -> exp.Expr:
    """The tree without what it says of keeping a clause of `with` in memory: few engines have words for that."""
    from sqlglot import exp

    for clause in tree.find_all(exp.CTE):
        clause.set("materialized", None)
    return tree


def _without_named_windows(tree: exp.Expr) -> exp.Expr:
    """The tree with each window of a `window` clause put where it is named: few engines have that clause."""
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        named = {window.name.lower(): window for window in select.args.get("windows") or ()}
        if not named:
            continue
        for window in [*named.values(), *select.find_all(exp.Window)]:
            # A window of the clause may stand on an earlier one, and a nested select may have names of its own.
            base = named.get(window.text("alias").lower())
            if base is None or window.find_ancestor(exp.Select) is not select:
                continue
            for part in ("partition_by", "order", "spec"):
                if base.args.get(part) and not window.args.get(part):
                    window.set(part, _copied(base.args[part]))
            window.set("alias", None)
        select.set("windows", None)
    return tree


def _copied(part: exp.Expr | list[exp.Expr]) -> exp.Expr | list[exp.Expr]:
    return [each.copy() for each in part] if isinstance(part, list) else part.copy()


# --- Lineage


def lineage_of(kpi: Kpi, lineage: Lineage, project_dir: Path) -> dict[str, MeasureLineage]:
    """The lineage of each measure of a KPI that the last run built."""
    found = {}
    for info in kpi.measures:
        spec = kpi.spec | {"measures": {info.measure: kpi.spec["measures"][info.measure]}}
        rows = lineage.rows(kpi.kpi_id, row_inputs(spec, project_dir))
        graph = lineage.graph(rows.starts())
        raw = sorted(column for column in graph if lineage.is_raw(column))
        found[info.measure] = MeasureLineage(rows, graph, raw)
    return found


def compiled_lineage(warehouse: Warehouse) -> Lineage:
    """The compiled models of a warehouse, and the columns of all its relations."""
    from kpi_runner.lineage import Lineage

    models = {
        f"{schema}.{name}": sql
        for schema, name, sql in warehouse.rows("select schema_name, model_name, compiled_sql from compiled_models")
    }
    columns: dict[str, list[str]] = {}
    for schema, table, column in warehouse.all_columns():
        columns.setdefault(f"{schema}.{table}", []).append(column)
    return Lineage(models, columns, warehouse.schema_of("files"), warehouse.dialect)


# --- As JSON


def as_json(kpi: Kpi, lineages: Mapping[str, MeasureLineage], sql: str | None) -> dict[str, Any]:
    """Everything about a KPI, with the lineage as a graph: each column with its sources."""
    shown = {
        "kpi_id": kpi.kpi_id,
        "number": kpi.number,
        "title": kpi.title,
        "theme": kpi.theme,
        "question": kpi.question,
        "description": kpi.description,
        "dimensions": list(kpi.dimensions),
        "grains": kpi.spec.get("grains"),
        "measures": [_measure(info, kpi, lineages[info.measure]) for info in kpi.measures],
    }
    return shown if sql is None else shown | {"sql": sql}


def _measure(info: MeasureInfo, kpi: Kpi, lineage: MeasureLineage) -> dict[str, Any]:
    return {
        "measure": info.measure,
        "definition": definition(kpi.spec["measures"][info.measure], kpi),
        "worked_out": worked_out(kpi.spec["measures"][info.measure], kpi),
        "unit": info.unit,
        "basis": info.basis,
        "better": info.better,
        "healthy_low": info.healthy_low,
        "healthy_high": info.healthy_high,
        "dimensions": list(info.dimensions),
        "needs": list(info.needs),
        "available": info.available,
        "missing": list(info.missing),
        "lineage": {
            "inputs": {name: list(map(str, columns)) for name, columns in lineage.rows.inputs.items()},
            "dates": {name: list(map(str, columns)) for name, columns in lineage.rows.dates.items()},
            "conditions": list(map(str, lineage.rows.conditions)),
            "columns": {str(column): list(map(str, sources)) for column, sources in lineage.graph.items()},
            "raw": list(map(str, lineage.raw)),
        },
    }


# --- As text


def as_text(kpi: Kpi, lineages: Mapping[str, MeasureLineage]) -> str:
    """Everything about a KPI for people, with the lineage as a tree."""
    number = f" ({kpi.number})" if kpi.number is not None else ""
    lines = [f"{kpi.kpi_id}{number}: {kpi.title}"]
    lines += [text for text in (kpi.question, kpi.description) if text]
    lines.append(f"dimensions: {', '.join(kpi.dimensions) or 'none'}")
    seen: set[Column] = set()
    for info in kpi.measures:
        lines += ["", *_measure_lines(info, kpi), *_lineage_lines(lineages[info.measure], seen)]
    return "\n".join(lines) + "\n"


def _measure_lines(info: MeasureInfo, kpi: Kpi) -> list[str]:
    about = [info.unit, info.basis, f"better {info.better}", _healthy(info)]
    lines = [f"{info.measure} = {definition(kpi.spec['measures'][info.measure], kpi)}"]
    lines += [f"  {name} = {sql}" for name, sql in worked_out(kpi.spec["measures"][info.measure], kpi).items()]
    lines.append(f"  {', '.join(part for part in about if part)}")
    if info.dimensions != kpi.dimensions:
        lines.append(f"  dimensions: {', '.join(info.dimensions) or 'none'}")
    available = "available" if info.available else f"unavailable: no source system delivers {', '.join(info.missing)}"
    lines.append(f"  needs {', '.join(info.needs) or 'nothing'}: {available}")
    return lines


def _healthy(info: MeasureInfo) -> str:
    text = healthy_range(
        info.healthy_low,
        info.healthy_high,
        info.unit,
        low_is_exclusive=info.low_is_exclusive,
        high_is_exclusive=info.high_is_exclusive,
    )
    return f"healthy {text}" if text else ""


def _lineage_lines(lineage: MeasureLineage, seen: set[Column]) -> list[str]:
    """The trees of the inputs, of the dates and of the conditions; each column's own tree once."""
    rows = lineage.rows
    trees = [(name, columns) for name, columns in rows.inputs.items()]
    trees += [(f"{name} (places the row in time)", columns) for name, columns in rows.dates.items()]
    trees += [("(which rows)", rows.conditions)] if rows.conditions else []
    lines = []
    for title, columns in trees:
        lines.append(f"  {title}" + ("" if columns else " = a constant"))
        lines += _tree(columns, lineage, "  ", seen)
    lines.append(f"  raw columns: {', '.join(map(str, lineage.raw)) or 'none'}")
    return lines


def _tree(columns: Sequence[Column], lineage: MeasureLineage, indent: str, seen: set[Column]) -> Iterator[str]:
    for place, column in enumerate(columns):
        is_last = place == len(columns) - 1
        sources = lineage.graph[column]
        note = " …" if column in seen and sources else " (raw)" if column in lineage.raw else ""
        yield f"{indent}{'└─' if is_last else '├─'} {column}{note}"
        if column not in seen:
            seen.add(column)
            yield from _tree(sources, lineage, indent + ("   " if is_last else "│  "), seen)
