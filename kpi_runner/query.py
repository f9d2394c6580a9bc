"""Figures of KPIs for any period, slice and filter, from the rows that the last run left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpi_runner.errors import DataError, UsageError
from kpi_runner.periods import GRAINS, Period, grain_periods
from kpi_runner.rollup import Question, figures_sql
from kpi_runner.warehouse import Kpi, MeasureInfo, RunSettings, Warehouse, nearest
from kpi_runner.where import Condition, parse_where


@dataclass(frozen=True)
class Request:
    """What a user asks for: KPIs, a period, a grain in it, slices, a filter, and measures."""

    kpis: Sequence[str]
    period: Period
    grain: str | None = None
    dimensions: Sequence[str] = ()
    where: str | None = None
    measures: Sequence[str] = ()


@dataclass
class Answer:
    """The figures, in the columns of `kpi query`; and notes on what was left out, and why."""

    columns: list[str]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    units: list[str | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def answer(request: Request, warehouse: Warehouse, settings: RunSettings, project_dir: Path) -> Answer:
    """The figures that a request asks for, KPI by KPI, measure by measure, period by period.

    Raises UsageError for a KPI, measure, dimension, grain or condition that is none, and DataError
    where the delivered data cannot give what was asked for.
    """
    dimensions = list(request.dimensions)
    columns = ["kpi_id", "measure", "grain", "period_start", "period_end", *dimensions]
    columns += ["numerator", "denominator", "value", "row_count", "is_complete", "is_provisional"]
    result = Answer(columns)
    kpis = warehouse.kpis(request.kpis)
    _check_measures(request, kpis)
    for kpi in kpis:
        for row, unit in _figures(kpi, request, warehouse, settings, project_dir, result.notes):
            result.rows.append(row)
            result.units.append(unit)
    return result


def _figures(
    kpi: Kpi,
    request: Request,
    warehouse: Warehouse,
    settings: RunSettings,
    project_dir: Path,
    notes: list[str],
) -> list[tuple[tuple[Any, ...], str | None]]:
    """The rows of one KPI with their units."""
    condition = parse_where(request.where, kpi.dimensions, kpi.kpi_id) if request.where is not None else None
    _check_dimensions(kpi, request)
    grain = _grain(kpi, request)
    measures = _measures(kpi, request, condition, warehouse, notes)
    if not measures:
        notes.append(f"{kpi.kpi_id} has none of the measures asked for.")
        return []
    if not warehouse.has_table(f"{kpi.kpi_id}__rows"):
        raise DataError(f"{kpi.kpi_id} was not built by the last run. Build it with `kpi run --select {kpi.kpi_id}`.")
    slots = grain_periods(request.period, grain, settings.calendar)
    if not slots:
        return []
    spec = kpi.spec | {"measures": {measure.measure: kpi.spec["measures"][measure.measure] for measure in measures}}
    question = Question(
        kpi.kpi_id,
        spec,
        grain,
        slots,
        list(request.dimensions),
        condition.sql if condition else None,
    )
    sql = figures_sql(question, project_dir, settings.calendar, settings.cohort_window_days)
    units = {measure.measure: measure.unit for measure in measures}
    order = {measure.measure: place for place, measure in enumerate(measures)}
    found = warehouse.rows(sql)
    keys = 3 + len(request.dimensions)
    found.sort(key=lambda row: (order[row[0]], *map(str, row[1:keys])))
    return [((kpi.kpi_id, row[0], grain, *row[1:]), units[row[0]]) for row in found]


def _check_measures(request: Request, kpis: Sequence[Kpi]) -> None:
    """Each named measure must be one of some asked KPI."""
    known = [info.measure for kpi in kpis for info in kpi.measures]
    for measure in request.measures:
        if measure not in known:
            names = ", ".join(dict.fromkeys(known))
            raise UsageError(
                f"--measure: {' and '.join(kpi.kpi_id for kpi in kpis)} has no measure {measure!r}."
                f"{nearest(measure, known)} It has: {names}."
            )


def _check_dimensions(kpi: Kpi, request: Request) -> None:
    """Each --by dimension must be one of the KPI."""
    for dimension in request.dimensions:
        if dimension not in kpi.dimensions:
            raise UsageError(
                f"--by: {kpi.kpi_id} has no dimension {dimension!r}."
                f"{nearest(dimension, kpi.dimensions)} It has: {', '.join(kpi.dimensions) or 'none'}."
            )


def _grain(kpi: Kpi, request: Request) -> str:
    """The grain of the answer, which must be one that the KPI is defined for.

    A period without a grain asked for is a custom range to a KPI that is not defined by the period's own.
    """
    if request.grain is not None and request.grain not in GRAINS:
        raise UsageError(f"--grain: {request.grain!r} is not one of {', '.join(GRAINS)}.")
    grain = request.grain or request.period.grain
    allowed = kpi.spec.get("grains")
    if not allowed or grain in allowed:
        return grain
    if request.grain is None and "custom" in allowed:
        return "custom"
    option = "--grain" if request.grain else "--period"
    named = ", ".join(name for name in allowed if name in GRAINS)
    raise UsageError(f"{option}: {kpi.kpi_id} is not defined by {grain}. It takes {named}.")


def _measures(
    kpi: Kpi,
    request: Request,
    condition: Condition | None,
    warehouse: Warehouse,
    notes: list[str],
) -> list[MeasureInfo]:
    """The measures to give: those named, else all that the data and the slices allow."""
    named = [info for info in kpi.measures if info.measure in request.measures]
    cut_by = [*request.dimensions, *sorted(condition.dimensions if condition else ())]
    chosen: list[MeasureInfo] = []
    refusals: list[tuple[type[UsageError] | type[DataError], str]] = []
    for info in named if request.measures else kpi.measures:
        refusal = _refusal(kpi, info, cut_by, warehouse)
        if refusal is None:
            chosen.append(info)
        else:
            refusals.append(refusal)
    if refusals and (named or not chosen or not _is_primary_given(kpi, chosen, cut_by)):
        error, message = refusals[0]
        raise error(message)
    notes.extend(message for _, message in refusals)
    return chosen


def _is_primary_given(kpi: Kpi, chosen: Sequence[MeasureInfo], cut_by: Sequence[str]) -> bool:
    """Whether the primary measure is among the chosen, or merely lacks a dimension that is asked for."""
    return kpi.primary in chosen or any(name not in kpi.primary.dimensions for name in cut_by)


def _refusal(
    kpi: Kpi, info: MeasureInfo, cut_by: Sequence[str], warehouse: Warehouse
) -> tuple[type[UsageError] | type[DataError], str] | None:
    """Why a measure cannot be given in these slices, or nothing."""
    name = kpi.kpi_id if info.measure == kpi.kpi_id else f"{kpi.kpi_id}.{info.measure}"
    for dimension in (None, *cut_by):
        if dimension is not None and dimension not in info.dimensions:
            return UsageError, (
                f"{name} cannot be sliced or filtered by {dimension}."
                f" It can by: {', '.join(info.dimensions) or 'nothing'}."
            )
        missing = warehouse.missing_for(kpi.kpi_id, info.measure, dimension)
        if missing:
            what = name if dimension is None else f"{name} by {dimension}"
            return DataError, (f"{what} is unavailable: no source system delivers {', '.join(missing)}.")
    return None
