"""Which rows did it: those that arrived, changed or vanished behind each figure that has changed, in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kpi_runner.diff.changed import ChangedRow
from kpi_runner.diff.figures import SLOT
from kpi_runner.published import Publication, row_columns
from kpi_runner.rollup import Reads, reads, span_holds, state_holds
from kpi_runner.sql import quoted, text_literal
from kpi_runner.warehouse import Kpi, Warehouse


def make_row_versions(kpi: Kpi, publication: Publication, warehouse: Warehouse, project_dir: Path) -> list[str]:
    """Makes the temporary table `row_versions`: the KPI's rows that just one of the two has, paired by key.

    Rows are the same where they say the same in all columns that figures hang on and that both have. Gives the key.
    """
    (published,) = (entry for entry in publication.kpis if entry.kpi_id == kpi.kpi_id)
    file = f"read_parquet({text_literal(str(publication.rows_file(kpi.kpi_id)))})"
    had = warehouse.columns_of(f"select * from {file}")
    now_key, now_others = row_columns(kpi, warehouse, project_dir)
    key = [name for name in published.row_key if name in (*now_key, *now_others)] or now_key
    columns = [name for name in dict.fromkeys((*key, *now_key, *now_others)) if name in had]
    key = [name for name in key if name in columns]
    listed = ", ".join(map(quoted, columns))
    table = quoted(kpi.kpi_id + "__rows")
    by_key = ", ".join(map(quoted, key)) or "1"
    warehouse.rows(
        "create or replace temp table row_versions as"
        f" with gone as (select {listed} from {file} except all select {listed} from {table}),"
        f" come as (select {listed} from {table} except all select {listed} from {file}),"
        f" numbered as (select 'old' as side, row_number() over (partition by {by_key} order by {listed}) as turn, *"
        " from gone union all by name"
        f" select 'new' as side, row_number() over (partition by {by_key} order by {listed}) as turn, * from come)"
        f" select dense_rank() over (order by {by_key}, turn) as row_number, * exclude (turn) from numbered"
    )
    return key


def make_rows_behind(kpi: Kpi, measures: Sequence[str], warehouse: Warehouse, project_dir: Path) -> None:
    """Makes the temporary table `rows_behind`: of each figure the rows that take part in it otherwise than before."""
    warehouse.rows("create or replace temp table rows_behind (figure_number bigint, row_number bigint, status varchar)")
    present = warehouse.columns_of("select * from row_versions")
    for measure in measures:
        if measure not in kpi.spec["measures"]:
            continue
        read = reads(kpi.spec, [measure], project_dir)
        warehouse.rows(
            f"insert into rows_behind {_behind_sql(kpi, measure, read, present, project_dir)}", [kpi.kpi_id, measure]
        )
        # A slice is there, with every measure, where a row with an input of any of them lies in it.
        read = reads(kpi.spec, list(kpi.spec["measures"]), project_dir)
        unexplained = "status <> 'changed' and figure_number not in (select figure_number from rows_behind)"
        sql = _behind_sql(kpi, measure, read, present, project_dir, unexplained)
        warehouse.rows(f"insert into rows_behind {sql}", [kpi.kpi_id, measure])


def _behind_sql(
    kpi: Kpi, measure: str, read: Reads, present: Sequence[str], project_dir: Path, condition: str = "true"
) -> str:
    """The rows behind the changed figures of one measure, as the roll-up lets rows take part (see rollup.sql)."""
    inputs = [f"versions.{quoted(name)}" for name in read.inputs if name in present]
    said = [*inputs, *(f"versions.{quoted(name)}" for name in read.subjects if name in present)]
    # A share is one of the whole period, so the rows of other slices lie behind it, too.
    sliced = [] if "share" in kpi.spec["measures"][measure] else [name for name in kpi.dimensions if name in present]
    slices = "figures.dimension = 'total'" if sliced else "true"
    for name in sliced:
        slices += f" or figures.dimension = '{name}' and figures.dimension_value = versions.{quoted(name)}"
    windows = ", ".join(map(text_literal, read.windows))
    return (
        "with asked as (select figure_number, grain, period_start, period_end, dimension, dimension_value"
        f" from changed_figures where kpi_id = ? and measure = ? and {condition}),"
        " figures as (select asked.figure_number, asked.dimension, asked.dimension_value,"
        " coalesce(windows.time_window, 'own') as time_window,"
        " coalesce(windows.window_start, asked.period_start) as window_start,"
        " coalesce(windows.window_end, asked.period_end) as window_end, windows.before_at"
        f" from asked left join (select * from compared_periods where time_window in ({windows})) as windows"
        f" using {SLOT}),"
        f" versions as (select *, hash({', '.join(said) or '1'}) as said from row_versions as versions"
        f" where {' or '.join(f'{name} is not null' for name in inputs) or 'true'}),"
        " taken as (select figures.figure_number, versions.row_number, versions.side,"
        " hash(figures.time_window, versions.said) as mark"
        f" from figures inner join versions on ({_takes_part(kpi, present, project_dir)}) and ({slices}))"
        " select figure_number, row_number,"
        " case when not bool_or(side = 'old') then 'arrived' when not bool_or(side = 'new') then 'vanished'"
        " else 'changed' end as status"
        " from taken group by figure_number, row_number"
        " having not bool_or(side = 'old') or not bool_or(side = 'new')"
        " or sum(case when side = 'old' then mark end) <> sum(case when side = 'new' then mark end)"
    )


def _takes_part(kpi: Kpi, present: Sequence[str], project_dir: Path) -> str:
    """The condition that a row takes part in a window, by the kinds of rows that the KPI has."""
    kinds = kpi.spec["row_kinds"]
    start, end = "figures.window_start", "figures.window_end"
    conditions = []
    if "event" in kinds and "event_on" in present:
        event = "event_on >= window_start and event_on < window_end"
        if "event_local_at" in present:
            event += " and (before_at is null or event_local_at < before_at)"
        if kpi.spec.get("paired") and "since_on" in present:
            event += " and (since_on is null or since_on >= window_start)"
        conditions.append(event)
    if "state" in kinds and "valid_from_on" in present:
        state = state_holds("versions", end, project_dir)
        conditions.append(state + (" and held_from_on is null" if "held_from_on" in present else ""))
    if "span" in kinds and "held_from_on" in present:
        conditions.append(span_holds("versions", start, end, project_dir))
    return " or ".join(f"({condition})" for condition in conditions) or "true"


def counted(warehouse: Warehouse, named_rows: int) -> tuple[dict[int, dict[str, int]], dict[int, dict[int, str]]]:
    """Of each figure how many rows arrived, changed and vanished behind it, and what the first of them did."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    named: dict[int, dict[int, str]] = defaultdict(dict)
    for figure, status, count in warehouse.rows(
        "select figure_number, status, count(*) from rows_behind group by figure_number, status"
    ):
        counts[figure][status] = count
    for figure, row, status in warehouse.rows(
        "select figure_number, row_number, status from rows_behind"
        f" qualify row_number() over (partition by figure_number order by status, row_number) <= {named_rows}"
        " order by figure_number, status, row_number"
    ):
        named[figure][row] = status
    return counts, named


def changed_rows(kpi: Kpi, key: Sequence[str], warehouse: Warehouse, numbers: set[int]) -> dict[int, ChangedRow]:
    """The rows of these numbers, with how many figures each lies behind."""
    figures = dict(warehouse.rows("select row_number, count(*) from rows_behind group by row_number"))
    columns = warehouse.columns_of("select * from row_versions")
    versions: dict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
    listed = ", ".join(map(str, sorted(numbers))) or "null"
    for values in warehouse.rows(f"select * from row_versions where row_number in ({listed}) order by row_number"):
        version = dict(zip(columns, values, strict=True))
        versions[version["row_number"]][version["side"]] = version
    return {
        number: _changed_row(kpi, key, columns, sides.get("old"), sides.get("new"), figures[number])
        for number, sides in versions.items()
    }


def _changed_row(
    kpi: Kpi,
    key: Sequence[str],
    columns: Sequence[str],
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    figures: int,
) -> ChangedRow:
    present = new or old or {}
    status = "arrived" if old is None else "vanished" if new is None else "changed"
    others = [name for name in columns if name not in (*key, "row_number", "side")]
    if old and new:
        others = [name for name in others if old[name] != new[name]]
    return ChangedRow(
        kpi.kpi_id,
        status,
        {name: present[name] for name in key},
        {name: old[name] for name in others if old and (new or old[name] is not None)},
        {name: new[name] for name in others if new and (old or new[name] is not None)},
        figures,
    )
