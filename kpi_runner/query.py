"""Figures of KPIs for any period, slice and filter, from the rows that the last run left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpi_runner.errors import DataError, UsageError
from kpi_runner.grid import Source, grid_sql, source_of
from kpi_runner.periods import GRAINS, Calendar, Period, grain_periods
from kpi_runner.rollup import Question, figures_sql
from kpi_runner.warehouse import Kpi, MeasureInfo, RunSettings, Warehouse, nearest
from kpi_runner.where import parse_where


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
    """The figures, in the columns of `kpi query`; notes on what was left out, and why; and where they come from."""

    columns: list[str]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    units: list[str | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """What a request asks of one KPI: its question, the measures, and the dimensions of slices and filter."""

    kpi: Kpi
    question: Question
    measures: list[MeasureInfo]
    cut_by: list[str]


def answer(request: Request, warehouse: Warehouse, settings: RunSettings, project_dir: Path) -> Answer:
    """The figures that a request asks for, KPI by KPI, measure by measure, period by period.

    Raises UsageError for a KPI, measure, dimension, grain or condition that is none, and DataError
    where the delivered data cannot give what was asked for.
    """
    result = Answer(answer_columns(request))
    for asked in asked_of(request, warehouse, settings, result.notes):
        units = {measure.measure: measure.unit for measure in asked.measures}
        for row in figures(asked.question, warehouse, settings, settings.calendar, project_dir, result.sources):
            result.rows.append((asked.kpi.kpi_id, row[0], asked.question.grain, *row[1:]))
            result.units.append(units[row[0]])
    return result


def answer_columns(request: Request) -> list[str]:
    """The columns of an answer, in the order of the contract."""
    keys = ["kpi_id", "measure", "grain", "period_start", "period_end", *request.dimensions]
    return [*keys, "numerator", "denominator", "value", "row_count", "is_complete", "is_provisional"]


def asked_of(request: Request, warehouse: Warehouse, settings: RunSettings, notes: list[str]) -> Iterator[Asked]:
    """What a request asks of each of its KPIs; `notes` takes what is left out, and why.

    Raises like answer().
    """
    kpis = warehouse.kpis(request.kpis)
    _check_measures(request, kpis)
    for kpi in kpis:
        asked = _asked(kpi, request, warehouse, settings, notes)
        if asked is not None:
            yield asked


def figures(
    question: Question,
    warehouse: Warehouse,
    settings: RunSettings,
    calendar: Calendar,
    project_dir: Path,
    sources: list[Source] | None = None,
) -> list[tuple[Any, ...]]:
    """The figures that a question asks for: measure by measure in the order of the spec, then by period and slice.

    They have the columns of figures_sql(), and come from the grid where that holds them; `sources` takes which it was.
    """
    if not question.slots:
        return []
    source = source_of(question, warehouse, settings, calendar)
    if sources is not None:
        sources.append(source)
    if source.from_grid:
        found = warehouse.rows(grid_sql(question))
    else:
        found = warehouse.rows(figures_sql(question, project_dir, calendar, settings.cohort_window_days))
    order = {measure: place for place, measure in enumerate(question.spec["measures"])}
    keys = 3 + len(question.dimensions)
    return sorted(found, key=lambda row: (order[row[0]], *map(str, row[1:keys])))


def _asked(kpi: Kpi, request: Request, warehouse: Warehouse, settings: RunSettings, notes: list[str]) -> Asked | None:
    """What a request asks of one KPI; None where that has none of the measures."""
    condition = parse_where(request.where, kpi.dimensions, kpi.kpi_id) if request.where is not None else None
    _check_dimensions(kpi, request)
    grain = _grain(kpi, request)
    cut_by = [*request.dimensions, *sorted(condition.dimensions if condition else ())]
    measures = _measures(kpi, request, cut_by, warehouse, notes)
    if not measures:
        notes.append(f"{kpi.kpi_id} has none of the measures asked for.")
        return None
    if not warehouse.has_table(f"{kpi.kpi_id}__rows"):
        raise DataError(f"{kpi.kpi_id} was not built by the last run. Build it with `kpi run --select {kpi.kpi_id}`.")
    slots = grain_periods(request.period, grain, settings.calendar)
    asked = {info.measure: kpi.spec["measures"][info.measure] for info in measures}
    others = {name: measure for name, measure in kpi.spec["measures"].items() if name not in asked}
    spec = kpi.spec | {"measures": asked, "others": others}
    sql = condition.sql if condition else None
    dimensions = list(request.dimensions)
    question = Question(kpi.kpi_id, spec, grain, slots, dimensions, sql, spelling=warehouse.spelling)
    return Asked(kpi, question, measures, cut_by)


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
    cut_by: Sequence[str],
    warehouse: Warehouse,
    notes: list[str],
) -> list[MeasureInfo]:
    """The measures to give: those named, else all that the data and the slices allow."""
    named = [info for info in kpi.measures if info.measure in request.measures]
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
    name = kpi.named(info.measure)
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
