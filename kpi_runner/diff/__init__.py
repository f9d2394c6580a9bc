"""What has changed since figures were published: which figures, by how much, what did it, and the rows behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kpi_runner.diff.causes import cause_of_figure, causes_of_kpi, changes
from kpi_runner.diff.changed import COLUMNS, ROW_STATUSES, ChangedFigure, ChangedRow, Difference, KpiDifference
from kpi_runner.diff.figures import compared_kpis, make_changed_figures
from kpi_runner.diff.rows import changed_rows, counted, make_row_versions, make_rows_behind
from kpi_runner.errors import DataError
from kpi_runner.periods import GRAINS, Period
from kpi_runner.published import FIGURE_KEYS, FIGURE_PARTS, Publication, State, state_of
from kpi_runner.warehouse import Kpi, Warehouse

__all__ = [
    "COLUMNS", "ROW_STATUSES", "ChangedFigure", "ChangedRow", "Difference", "KpiDifference", "difference",
]  # fmt: skip


def difference(
    publication: Publication,
    warehouse: Warehouse,
    period: Period,
    kpis: Sequence[str],
    named_rows: int,
    project_dir: Path,
) -> Difference:
    """Compares a publication with a warehouse, for the periods that lie in the asked one and some KPIs, or all.

    Behind each figure at most `named_rows` rows are named; all are counted. Raises UsageError for a KPI that neither
    has, and DataError where one of the two cannot be read, or there is nothing to compare.
    """
    state = state_of(warehouse)
    notes: list[str] = []
    compared = compared_kpis(publication, warehouse, kpis, notes)
    count = make_changed_figures(publication, warehouse, period, [kpi.kpi_id for kpi in compared], state, notes)
    if not count:
        raise DataError(_nothing_to_compare(publication, notes))
    changed = {kpi_id for (kpi_id,) in warehouse.rows("select distinct kpi_id from changed_figures")}
    explained = (
        _explained(kpi, publication, state, warehouse, named_rows, project_dir)
        for kpi in compared
        if kpi.kpi_id in changed
    )
    return Difference(publication, state, changes(publication.state, state), notes, count, explained)


def _nothing_to_compare(publication: Publication, notes: Sequence[str]) -> str:
    """That a difference would be one of nothing, which is not the same as no difference."""
    said = "".join(f" {note[0].upper()}{note[1:]}." for note in notes)
    return (
        f"Publication {publication.publication_id}, of {publication.period}, holds no figure that can be compared."
        f"{said}"
        " Ask for a period and KPIs that it holds, or for another publication with --against."
    )


def _explained(
    kpi: Kpi, publication: Publication, state: State, warehouse: Warehouse, named_rows: int, project_dir: Path
) -> KpiDifference:
    """The changed figures of one KPI, with what changed them and the rows behind them."""
    key = make_row_versions(kpi, publication, warehouse, project_dir)
    measures = warehouse.rows("select distinct measure from changed_figures where kpi_id = ? order by 1", [kpi.kpi_id])
    make_rows_behind(kpi, [measure for (measure,) in measures], warehouse, project_dir)
    counts, named = counted(warehouse, named_rows)
    rows = changed_rows(kpi, key, warehouse, {number for numbers in named.values() for number in numbers})
    ((row_count,),) = warehouse.rows("select count(distinct row_number) from rows_behind")
    own, everything = causes_of_kpi(kpi.kpi_id, publication.state, state)
    units = {info.measure: info.unit for info in kpi.measures}
    parts = ", ".join(f"{side}_{name}" for side in ("old", "new") for name in FIGURE_PARTS)
    figures = []
    for number, status, is_settled, is_shared, *values in warehouse.rows(
        f"select figure_number, status, is_settled, is_shared, {', '.join(FIGURE_KEYS)}, {parts}"
        " from changed_figures where kpi_id = ?",
        [kpi.kpi_id],
    ):
        keys, old, new = tuple(values[:7]), tuple(values[7:11]), tuple(values[11:])
        behind = counts.get(number, {})
        # Whether there is a period at all hangs on the first event, of whatever entity.
        causes = cause_of_figure(
            own if is_shared else everything, everything, is_settled, bool(behind) or not is_shared
        )
        there = tuple(replace(rows[row], status=name) for row, name in named.get(number, {}).items())
        figures.append(ChangedFigure(keys, old, new, status, causes, behind, there, units.get(keys[1])))
    places = {info.measure: place for place, info in enumerate(kpi.measures)}
    figures.sort(key=lambda figure: _order(figure.keys, places))
    return KpiDifference(kpi.kpi_id, figures, list(rows.values()), row_count)


def _order(keys: tuple[Any, ...], places: Mapping[str, int]) -> tuple[Any, ...]:
    """Measures as in the catalog, totals before slices, long periods before short ones, early before late."""
    _, measure, grain, start, end, dimension, value = keys
    grains = list(GRAINS)
    place = grains.index(grain) if grain in grains else len(grains)
    return places.get(measure, len(places)), dimension != "total", dimension, value, -place, start, end
