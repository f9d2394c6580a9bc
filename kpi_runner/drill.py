"""The rows behind a figure: their count and sums are the figure's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_runner.errors import UsageError
from kpi_runner.periods import Period, Slot
from kpi_runner.query import Request, answer
from kpi_runner.rollup import ROW_DATES, Question, components, drill_sql
from kpi_runner.warehouse import Kpi, RunSettings, Warehouse, nearest
from kpi_runner.where import parse_where

#: What each row adds to the figure, under the figure's own names; the last columns of every drill.
FIGURES = ("numerator", "denominator", "value", "row_count")


@dataclass(frozen=True)
class DrillRequest:
    """What a user asks for: a figure by its KPI, measure, period and filter, or a component of it."""

    kpi_id: str
    period: Period
    measure: str | None = None
    component: str | None = None
    where: str | None = None


@dataclass(frozen=True)
class Drill:
    """The rows behind a figure, as SQL that gives these columns.

    `figure` is the figure itself, by column of `kpi query`, also where the rows are those of a
    component. `headline` are the columns by which people find a row and see its part in it.
    """

    name: str
    unit: str | None
    figure: dict[str, Any]
    columns: list[str]
    headline: list[str]
    sql: str


def drill(request: DrillRequest, warehouse: Warehouse, settings: RunSettings, project_dir: Path) -> Drill:
    """The rows behind a figure of `kpi query` with the same KPI, measure, period and condition.

    Raises what query.answer() raises, and UsageError for a component that is none, or one that is
    missing where the measure has no rows but those of its components.
    """
    (kpi,) = warehouse.kpis([request.kpi_id])
    measure = request.measure if request.measure is not None else kpi.primary.measure
    asked = answer(
        Request([kpi.kpi_id], request.period, None, (), request.where, [measure]), warehouse, settings, project_dir
    )
    figure = dict(zip(asked.columns, asked.rows[0], strict=True))
    spec = kpi.spec | {"measures": {measure: kpi.spec["measures"][measure]}}
    names, is_needed = components(spec, project_dir)
    _check_component(kpi, measure, request.component, names, is_needed)
    condition = parse_where(request.where, kpi.dimensions, kpi.kpi_id) if request.where is not None else None
    question = Question(
        kpi.kpi_id,
        spec,
        figure["grain"],
        [Slot(figure["period_start"], figure["period_end"])],
        (),
        condition.sql if condition else None,
        spelling=warehouse.spelling,
    )
    own = warehouse.columns(f"{kpi.kpi_id}__rows")
    shown = {name: f"{name}_of_row" if name in FIGURES else name for name in own}
    windows = ["time_window"] if any("." in name for name in names) else []
    columns = [*windows, *shown.values(), *FIGURES]
    rows = drill_sql(question, request.component, own, project_dir, settings.calendar, settings.cohort_window_days)
    selected = [f'"{name}"' for name in windows]
    selected += [f'"{name}" as "{alias}"' for name, alias in shown.items()]
    selected += [f'figure_{name} as "{name}"' for name in FIGURES]
    order = [name for name in columns if name in (*windows, *ROW_DATES)]
    order += [name for name in columns if name not in order]
    listed = ", ".join(f'"{name}"' for name in order)
    sql = f"select {', '.join(selected)} from ({rows}) as drilled order by {listed}"
    inputs = {shown.get(name, name) for name in (part.split(".")[-1] for part in names)}
    return Drill(
        kpi.named(measure),
        asked.units[0],
        figure,
        columns,
        _headline(columns, kpi.dimensions, inputs),
        sql,
    )


def _check_component(kpi: Kpi, measure: str, component: str | None, names: Sequence[str], is_needed: bool) -> None:
    """A component must be one of the measure, and given where there are no rows without it."""
    name = f"{kpi.kpi_id}.{measure}"
    if component is None and is_needed:
        raise UsageError(
            f"--component: {name} is worked out from several sums, each of its own rows."
            f" Name one of {', '.join(names)}."
        )
    if component is not None and component not in names:
        raise UsageError(
            f"--component: {name} has no component {component!r}.{nearest(component, names)}"
            f" It has: {', '.join(names)}."
        )


def _headline(columns: Sequence[str], dimensions: Sequence[str], inputs: set[str]) -> list[str]:
    """The columns for a terminal: dates, dimensions, names instead of ids, inputs, and what is added up."""
    return [
        name
        for name in columns
        if name in (*ROW_DATES, *FIGURES, *dimensions, *inputs, "time_window")
        or f"{name}_id" in columns
        or name.endswith("_key")
        or (name.endswith("_id") and name.removesuffix("_id") not in columns)
    ]
