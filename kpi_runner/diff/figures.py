"""Which figures have changed: the comparison of a publication with a warehouse, in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_runner.diff.causes import GRID_SETTINGS, changed_settings
from kpi_runner.errors import UsageError
from kpi_runner.periods import Period
from kpi_runner.published import FIGURE_COLUMNS, FIGURE_KEYS, FIGURE_PARTS, Publication, State, built_kpis
from kpi_runner.sql import lies_between, text_literal
from kpi_runner.warehouse import Kpi, Warehouse, nearest

#: What a period is found by, to join by.
SLOT = "(grain, period_start, period_end)"


def compared_kpis(publication: Publication, warehouse: Warehouse, names: Sequence[str], notes: list[str]) -> list[Kpi]:
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


def make_changed_figures(
    publication: Publication,
    warehouse: Warehouse,
    period: Period,
    kpis: Sequence[str],
    state: State,
    notes: list[str],
) -> int:
    """Makes the temporary table `changed_figures`: the figures that differ, numbered. Gives how many were compared."""
    inside = (lies_between(publication.period_start, publication.period_end), lies_between(*period.bounds))
    listed = ", ".join(map(text_literal, kpis)) or "null"
    condition = " and ".join((f"kpi_id in ({listed})", *inside))
    columns = ", ".join(FIGURE_COLUMNS)
    published = f"select {columns} from read_parquet({text_literal(str(publication.figures_file))}) where {condition}"
    built = f"select {columns} from kpi_values where {condition}"
    if GRID_SETTINGS & changed_settings(publication.state, state).keys():
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
        f" with old as (select figures.* from ({published}) as figures semi join compared_slots using {SLOT}),"
        f" new as (select figures.* from ({built}) as figures semi join compared_slots using {SLOT}),"
        f" joined as (select {', '.join((*both, *parts))},"
        " case when old.kpi_id is null then 'appeared' when new.kpi_id is null then 'vanished' else 'changed' end"
        " as status,"
        f" coalesce(old.period_end, new.period_end) <= date '{settled_until}'"
        " and not coalesce(old.is_provisional, false) and not coalesce(new.is_provisional, false) as is_settled"
        f" from old full join new on {keys}"
        f" where old.kpi_id is null or new.kpi_id is null or {differs})"
        f" select row_number() over (order by {order}) as figure_number, joined.*, compared_slots.is_shared"
        f" from joined inner join compared_slots using {SLOT}"
    )
    ((count,),) = warehouse.rows(f"select count(*) from ({published}) as figures semi join compared_slots using {SLOT}")
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
        f" from (select *, 1 as there from old) as old full join (select *, 1 as there from new) as new using {SLOT})"
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
