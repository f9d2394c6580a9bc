"""17 stage_conversion: of deals entering a stage, the share that went on (kpis.md, 17)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

from ..contacts import lead_of_deal
from ..deals import Life, Visit
from ..labels import NONE
from ..outcomes import held_meetings, qualified_at
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, flow, given, ratio, when
from ..trails import ORPHAN_LABELS
from ..world import World

_DIMENSIONS = ("stage", "rep", "team", "pipeline")
_MEETING_NEEDS = ("leads", "meetings")


class _Unit(NamedTuple):
    """A distinct (deal, open stage), dated by its first entry."""

    stage: str
    entered_at: datetime
    advanced: bool


def _is_advance(earlier: Visit, later: Visit) -> bool:
    """Later in an open stage of higher position; an unknown position is neither side of it."""
    if later.outcome != "open" or earlier.position is None or later.position is None:
        return False
    return later.position > earlier.position


def _units(visits: tuple[Visit, ...], won: bool) -> Iterator[_Unit]:
    """The units of a history."""
    seen: set[str] = set()
    for place, visit in enumerate(visits):
        if visit.outcome == "open" and visit.stage not in seen:
            seen.add(visit.stage)
            later = visits[place + 1 :]
            advanced = won or any(_is_advance(visit, other) for other in later)
            yield _Unit(visit.stage, visit.entered_at, advanced)


def _units_of_deal(life: Life) -> Iterator[_Unit]:
    """Without any history a deal entered its current stage, if that is open, when created."""
    won = life.outcome == "won"
    if life.has_history:
        yield from _units(life.visits, won)
    elif life.row_stage_outcome == "open":
        yield _Unit(life.deal.stage, life.deal.created_at, won)


def _dated(world: World) -> Iterator[tuple[date, Fact]]:
    """Units by first entry, and deals by creation for `open_to_won_rate`."""

    def entry(labels: Mapping[str, str], unit: _Unit) -> tuple[date, Fact]:
        advanced = when(unit.advanced)
        inputs = given(entered=ONE, of=advanced, advanced=advanced or None)
        return world.clock.day(unit.entered_at), Fact(labels, inputs)

    for life in world.lives:
        for unit in _units_of_deal(life):
            yield entry(world.labels.standing(life, unit.stage), unit)
        inputs = given(created=ONE, won=when(life.outcome == "won"))
        yield world.clock.day(life.deal.created_at), Fact(world.labels.deal(life.deal), inputs)
    for orphan in world.orphans:
        for unit in _units(orphan.visits, won=False):
            yield entry(ORPHAN_LABELS, unit)


def _qualified_leads(world: World) -> Iterator[tuple[date, Fact]]:
    """Leads by qualification: was a meeting held since, with the lead or on a deal of it? A lead is in no pipeline."""
    leads, met = lead_of_deal(world), defaultdict(list)
    for meeting in held_meetings(world):
        for lead_id in {meeting.lead_id, leads.get(meeting.deal_id or "")}:
            met[lead_id].append(meeting.scheduled_for)
    for lead in world.visible.leads:
        at = qualified_at(world, lead)
        if at is not None:
            since = any(held >= at for held in met[lead.lead_id])
            labels = {**world.labels.rep(lead.rep_id), "pipeline": NONE}
            yield world.clock.day(at), Fact(labels, given(qualified=ONE, met=when(since)))


def _met_deals(world: World) -> Iterator[tuple[date, Fact]]:
    """Deals by their first meeting held, with them or with their lead."""
    held = held_meetings(world)
    for life in world.lives:
        deal = life.deal
        ours = (
            meeting.scheduled_for
            for meeting in held
            if meeting.deal_id == deal.deal_id or (deal.lead_id is not None and meeting.lead_id == deal.lead_id)
        )
        first = next(ours, None)
        if first is not None:
            inputs = given(met_deal=ONE, met_won=when(life.outcome == "won"))
            yield world.clock.day(first), Fact(world.labels.deal(deal), inputs)


def _facts(world: World) -> FactsOf:
    return flow([*_dated(world), *_qualified_leads(world), *_met_deals(world)])


KPI = Kpi(
    "stage_conversion",
    ("deals", "deal_stage_changes", "stages"),
    (
        Measure("conversion_rate", _DIMENSIONS, ratio("of", "entered")),
        Measure("entered", _DIMENSIONS, count("entered")),
        Measure("advanced", _DIMENSIONS, count("advanced")),
        Measure("open_to_won_rate", _DIMENSIONS[1:], ratio("won", "created")),
        Measure("qualified_lead_to_meeting_rate", _DIMENSIONS[1:], ratio("met", "qualified"), _MEETING_NEEDS),
        Measure("meeting_to_won_rate", _DIMENSIONS[1:], ratio("met_won", "met_deal"), _MEETING_NEEDS),
    ),
    _facts,
    cohort=True,
)
