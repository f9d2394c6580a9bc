"""What has changed since figures were published: which figures, by how much, what did it, and the rows behind them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from kpi_runner.compare import change, relative_change
from kpi_runner.errors import DataError, UsageError
from kpi_runner.periods import GRAINS, Period
from kpi_runner.published import (
    FIGURE_COLUMNS,
    FIGURE_KEYS,
    FIGURE_PARTS,
    Delivery,
    Publication,
    State,
    built_kpis,
    row_columns,
    state_of,
)
from kpi_runner.render import plain
from kpi_runner.rollup import Reads, reads, span_holds, state_holds
from kpi_runner.sql import quoted, text_literal
from kpi_runner.warehouse import Kpi, Warehouse, nearest

#: What can have changed a figure, in the order in which it is named.
CAUSES = ("as_of", "settings", "code", "data")

#: What a row can have done behind a figure: one that changed may also have come into its slice or period, or left it.
ROW_STATUSES = ("arrived", "changed", "vanished")

COLUMNS = [
    *FIGURE_KEYS, "status", "cause", "old_value", "new_value", "change", "change_pct",
    "old_numerator", "new_numerator", "old_denominator", "new_denominator", "old_row_count", "new_row_count",
    "rows_arrived", "rows_changed", "rows_vanished", "rows",
]  # fmt: skip


#: Settings that say which figures are built ahead: they change none.
GRID_SETTINGS = frozenset({"grid", "grid_of_kpis"})


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row of a KPI that arrived, changed or vanished behind a figure; `old` and `new` are the columns that differ."""

    kpi_id: str
    status: str
    key: Mapping[str, Any]
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    figures: int

    @property
    def name(self) -> str:
        """The row as a person finds it: `deal_id=d7`."""
        parts = [f"{name}={plain(value)}" for name, value in self.key.items() if value is not None]
        return " ".join(part for part in parts if not part.startswith("source_system=") or len(parts) == 1)


@dataclass(frozen=True, slots=True)
class ChangedFigure:
    """A figure that is not as it was published; `parts` are its FIGURE_PARTS then and now."""

    keys: tuple[Any, ...]
    old: tuple[Any, ...]
    new: tuple[Any, ...]
    status: str
    causes: tuple[str, ...]
    counts: Mapping[str, int]
    rows: tuple[ChangedRow, ...]
    unit: str | None

    @property
    def values(self) -> tuple[float | None, float | None]:
        """The value then and now."""
        place = FIGURE_PARTS.index("value")
        return self.old[place], self.new[place]

    @property
    def change(self) -> Decimal | None:
        """By how much the value has changed."""
        old, new = self.values
        return change(new, old)

    @property
    def change_pct(self) -> Decimal | None:
        """The change ÷ the old value's size, to 12 digits."""
        old, new = self.values
        share = relative_change(new, old)
        return None if share is None else Decimal(f"{share:.12g}")

    def row(self) -> tuple[Any, ...]:
        """The figure in COLUMNS."""
        parts = dict(zip(FIGURE_PARTS, zip(self.old, self.new, strict=True), strict=True))
        return (
            *self.keys, self.status, ", ".join(self.causes), *parts["value"], self.change, self.change_pct,
            *parts["numerator"], *parts["denominator"], *parts["row_count"],
            *(self.counts.get(status, 0) for status in ROW_STATUSES),
            [{"status": row.status} | dict(row.key) for row in self.rows],
        )  # fmt: skip


@dataclass(frozen=True)
class KpiDifference:
    """The figures of one KPI that have changed, the rows that are named behind them, and how many there are in all."""

    kpi_id: str
    figures: Sequence[ChangedFigure]
    rows: Sequence[ChangedRow]
    row_count: int


@dataclass(frozen=True)
class Difference:
    """What has changed since a publication.

    `changes` say in what the two differ beside the figures, `notes` what was not compared; `compared` is how many of
    the published figures were. `kpis` gives the KPIs with figures that have changed, one after the other, while the
    warehouse is open: a changed setting can change millions of figures, which nobody needs to hold at once.
    """

    publication: Publication
    state: State
    changes: Sequence[str]
    notes: Sequence[str]
    compared: int
    kpis: Iterator[KpiDifference]


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
    compared = _compared_kpis(publication, warehouse, kpis, notes)
    count = _compare(publication, warehouse, period, [kpi.kpi_id for kpi in compared], state, notes)
    if not count:
        raise DataError(_nothing_to_compare(publication, notes))
    changed = {kpi_id for (kpi_id,) in warehouse.rows("select distinct kpi_id from changed_figures")}
    explained = (
        _explained(kpi, publication, state, warehouse, named_rows, project_dir)
        for kpi in compared
        if kpi.kpi_id in changed
    )
    return Difference(publication, state, _changes(publication.state, state), notes, count, explained)


def _nothing_to_compare(publication: Publication, notes: Sequence[str]) -> str:
    """That a difference would be one of nothing, which is not the same as no difference."""
    said = "".join(f" {note[0].upper()}{note[1:]}." for note in notes)
    return (
        f"Publication {publication.publication_id}, of {publication.period}, holds no figure that can be compared."
        f"{said}"
        " Ask for a period and KPIs that it holds, or for another publication with --against."
    )


# --- What changed between the two


def _changes(old: State, new: State) -> list[str]:
    """What figures hang on and has changed, each said in a line that begins with one of CAUSES."""
    lines = []
    if old.as_of != new.as_of:
        lines.append(f"as_of: {old.as_of} → {new.as_of} UTC")
    for name, (before, after) in _settings(old, new).items():
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


def _settings(old: State, new: State) -> dict[str, tuple[Any, Any]]:
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


def _causes(kpi_id: str, old: State, new: State) -> tuple[list[str], list[str]]:
    """What may have changed figures of a KPI: by what it is made of, and by what anything is made of."""
    everything, own = [], []
    if old.as_of != new.as_of:
        everything.append("as_of")
        own.append("as_of")
    if not GRID_SETTINGS.issuperset(_settings(old, new)):
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


# --- Which figures changed


def _compared_kpis(publication: Publication, warehouse: Warehouse, names: Sequence[str], notes: list[str]) -> list[Kpi]:
    """The KPIs that both have, in the catalog's order; the others are noted."""
    published = {kpi.kpi_id for kpi in publication.kpis}
    built = built_kpis(warehouse)
    known = published | {kpi.kpi_id for kpi in warehouse.catalog()}
    for name in names:
        if name not in known:
            raise UsageError(f"--kpi: there is no KPI {name!r}.{nearest(name, sorted(known))}")
    asked = set(names) or published | {kpi.kpi_id for kpi in built}
    for group, reason in (
        (published - {kpi.kpi_id for kpi in built}, "were not built by the last run"),
        ({kpi.kpi_id for kpi in built} - published, f"are not in publication {publication.publication_id}"),
    ):
        if asked & group:
            notes.append(f"not compared, since they {reason}: {', '.join(sorted(asked & group))}")
    return [kpi for kpi in built if kpi.kpi_id in published & asked]


def _compare(
    publication: Publication,
    warehouse: Warehouse,
    period: Period,
    kpis: Sequence[str],
    state: State,
    notes: list[str],
) -> int:
    """Makes the temporary table `changed_figures`: the figures that differ, numbered. Gives how many were compared."""
    starts = [publication.period_start, None if period.open_start else period.start]
    ends = [publication.period_end, None if period.open_end else period.end]
    inside = [f"period_start >= date '{day}'" for day in starts if day]
    inside += [f"period_end <= date '{day}'" for day in ends if day]
    listed = ", ".join(map(text_literal, kpis)) or "null"
    condition = " and ".join((f"kpi_id in ({listed})", *inside))
    columns = ", ".join(FIGURE_COLUMNS)
    published = f"select {columns} from read_parquet({text_literal(str(publication.figures_file))}) where {condition}"
    built = f"select {columns} from kpi_values where {condition}"
    if GRID_SETTINGS & _settings(publication.state, state).keys():
        published, built = _in_both_grids(warehouse, published, built, notes)
    _compare_periods(publication, warehouse, state, published, built, notes)
    keys = " and ".join(f"old.{name} = new.{name}" for name in FIGURE_KEYS)
    differs = " or ".join(f"old.{name} is distinct from new.{name}" for name in FIGURE_PARTS)
    both = [f"coalesce(old.{name}, new.{name}) as {name}" for name in FIGURE_KEYS]
    parts = [f"{side}.{name} as {side}_{name}" for side in ("old", "new") for name in FIGURE_PARTS]
    order = ", ".join(FIGURE_KEYS)
    settled_until = min(publication.state.calendar.complete_until, state.calendar.complete_until)
    warehouse.rows(
        "create or replace temp table changed_figures as"
        f" with old as (select figures.* from ({published}) as figures semi join compared_slots using {_SLOT}),"
        f" new as (select figures.* from ({built}) as figures semi join compared_slots using {_SLOT}),"
        f" joined as (select {', '.join((*both, *parts))},"
        " case when old.kpi_id is null then 'appeared' when new.kpi_id is null then 'vanished' else 'changed' end"
        " as status,"
        f" coalesce(old.period_end, new.period_end) <= date '{settled_until}'"
        " and not coalesce(old.is_provisional, false) and not coalesce(new.is_provisional, false) as is_settled"
        f" from old full join new on {keys}"
        f" where old.kpi_id is null or new.kpi_id is null or {differs})"
        f" select row_number() over (order by {order}) as figure_number, joined.*, compared_slots.is_shared"
        f" from joined inner join compared_slots using {_SLOT}"
    )
    ((count,),) = warehouse.rows(
        f"select count(*) from ({published}) as figures semi join compared_slots using {_SLOT}"
    )
    return int(count)


def _in_both_grids(warehouse: Warehouse, published: str, built: str, notes: list[str]) -> tuple[str, str]:
    """Both sides' figures cut to the slices of grains that both have built ahead; the others are noted."""
    slices = "kpi_id, grain, dimension"
    warehouse.rows(
        "create or replace temp table compared_slices as"
        f" with old as (select distinct {slices} from ({published})), new as (select distinct {slices} from ({built}))"
        f" select {slices}, old.there is not null and new.there is not null as is_in_both"
        " from (select *, 1 as there from old) as old"
        f" full join (select *, 1 as there from new) as new using ({slices})"
    )
    ((others,),) = warehouse.rows("select count(*) from compared_slices where not is_in_both")
    warehouse.rows("delete from compared_slices where not is_in_both")
    if others:
        notes.append(f"not compared, since just one of the two holds them in its grid: slices of {others} grains")
    cut = "semi join compared_slices using (kpi_id, grain, dimension)"
    return f"select figures.* from ({published}) as figures {cut}", f"select figures.* from ({built}) as figures {cut}"


_SLOT = "(grain, period_start, period_end)"


def _compare_periods(
    publication: Publication, warehouse: Warehouse, state: State, published: str, built: str, notes: list[str]
) -> None:
    """Makes the temporary table `compared_slots`: the periods that can be compared; the others are noted.

    A period that lay ahead as of one of the two is none that has changed, and where the two were built for different
    ranges, just the periods that both have can be compared.
    """
    old = publication.state
    horizon = min(old.calendar.last_day, state.calendar.last_day)
    is_range_same = (old.built_from, old.built_until) == (state.built_from, state.built_until)
    slots = "grain, period_start, period_end"
    warehouse.rows(
        "create or replace temp table compared_slots as"
        f" with old as (select distinct {slots} from ({published})), new as (select distinct {slots} from ({built})),"
        f" joined as (select {slots}, old.there is not null as is_old, new.there is not null as is_new"
        f" from (select *, 1 as there from old) as old full join (select *, 1 as there from new) as new using {_SLOT})"
        f" select {slots}, is_old and is_new as is_shared,"
        f" case when is_old and is_new then 'both' when period_start > date '{horizon}' then 'ahead'"
        f" when {str(is_range_same).lower()} then 'both' else 'other range' end as compared from joined"
    )
    counts = dict(warehouse.rows("select compared, count(*) from compared_slots group by compared"))
    warehouse.rows("delete from compared_slots where compared <> 'both'")
    if counts.get("ahead"):
        notes.append(f"not compared, since as of {horizon} they lay ahead: {counts['ahead']} periods")
    if counts.get("other range"):
        notes.append(f"not compared, since just one of the two was built for them: {counts['other range']} periods")


# --- Which rows did it


def _explained(
    kpi: Kpi, publication: Publication, state: State, warehouse: Warehouse, named_rows: int, project_dir: Path
) -> KpiDifference:
    """The changed figures of one KPI, with what changed them and the rows behind them."""
    key = _make_row_versions(kpi, publication, warehouse, project_dir)
    measures = warehouse.rows("select distinct measure from changed_figures where kpi_id = ? order by 1", [kpi.kpi_id])
    _make_rows_behind(kpi, [measure for (measure,) in measures], warehouse, project_dir)
    counts, named = _counted(warehouse, named_rows)
    rows = _changed_rows(kpi, key, warehouse, {number for numbers in named.values() for number in numbers})
    ((row_count,),) = warehouse.rows("select count(distinct row_number) from rows_behind")
    own, everything = _causes(kpi.kpi_id, publication.state, state)
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
        causes = _cause(own if is_shared else everything, everything, is_settled, bool(behind) or not is_shared)
        there = tuple(replace(rows[row], status=name) for row, name in named.get(number, {}).items())
        figures.append(ChangedFigure(keys, old, new, status, causes, behind, there, units.get(keys[1])))
    places = {info.measure: place for place, info in enumerate(kpi.measures)}
    figures.sort(key=lambda figure: _order(figure.keys, places))
    return KpiDifference(kpi.kpi_id, figures, list(rows.values()), row_count)


def _cause(own: Sequence[str], everything: Sequence[str], is_settled: bool, has_rows: bool) -> tuple[str, ...]:
    """What changed a figure: what has changed and can have done it.

    The as-of moves no figure of a period that was complete before; the data moves none behind which no row has changed.
    """
    candidates = list(own or everything)
    for cause, is_excluded in (("as_of", is_settled), ("data", not has_rows)):
        if is_excluded and cause in candidates and len(candidates) > 1:
            candidates.remove(cause)
    return tuple(candidates) or ("unknown",)


def _order(keys: tuple[Any, ...], places: Mapping[str, int]) -> tuple[Any, ...]:
    """Measures as in the catalog, totals before slices, long periods before short ones, early before late."""
    _, measure, grain, start, end, dimension, value = keys
    grains = list(GRAINS)
    place = grains.index(grain) if grain in grains else len(grains)
    return places.get(measure, len(places)), dimension != "total", dimension, value, -place, start, end


def _make_row_versions(kpi: Kpi, publication: Publication, warehouse: Warehouse, project_dir: Path) -> list[str]:
    """Makes the temporary table `row_versions`: the KPI's rows that just one of the two has, paired by key.

    Rows are the same where they say the same in all columns that figures hang on and that both have. Gives the key.
    """
    (published,) = (entry for entry in publication.kpis if entry.kpi_id == kpi.kpi_id)
    file = f"read_parquet({text_literal(str(publication.rows_file(kpi.kpi_id)))})"
    had = [name for name, *_ in warehouse.rows(f"describe select * from {file}")]
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


def _make_rows_behind(kpi: Kpi, measures: Sequence[str], warehouse: Warehouse, project_dir: Path) -> None:
    """Makes the temporary table `rows_behind`: of each figure the rows that take part in it otherwise than before."""
    warehouse.rows("create or replace temp table rows_behind (figure_number bigint, row_number bigint, status varchar)")
    present = [name for name, *_ in warehouse.rows("describe row_versions")]
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
        f" using {_SLOT}),"
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


def _counted(warehouse: Warehouse, named_rows: int) -> tuple[dict[int, dict[str, int]], dict[int, dict[int, str]]]:
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


def _changed_rows(kpi: Kpi, key: Sequence[str], warehouse: Warehouse, numbers: set[int]) -> dict[int, ChangedRow]:
    """The rows of these numbers, with how many figures each lies behind."""
    figures = dict(warehouse.rows("select row_number, count(*) from rows_behind group by row_number"))
    columns = [name for name, *_ in warehouse.rows("describe row_versions")]
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
