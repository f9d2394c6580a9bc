"""Stage visits that have ended, of known deals and of orphans (kpis.md, Rulings, 17, 18)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from .deals import Life, Visit
from .labels import UNKNOWN
from .world import World


class EndedVisit(NamedTuple):
    """A visit to an open stage, its exit as delivered, and its days clipped to the deal's life."""

    labels: Mapping[str, str]
    exited_at: datetime
    days: int


#: a change of an unknown deal is in an unknown pipeline, so its stage points nowhere too
ORPHAN_LABELS = {"stage": UNKNOWN, "rep": UNKNOWN, "team": UNKNOWN, "pipeline": UNKNOWN}


def _spans(visits: tuple[Visit, ...]) -> Iterator[tuple[str, datetime, datetime]]:
    """Each visit to an open stage with the next change, of whatever stage, that ends it."""
    for visit, following in pairwise(visits):
        if visit.outcome == "open":
            yield visit.stage, visit.entered_at, following.entered_at


def _spans_of_deal(life: Life) -> Iterator[tuple[str, datetime, datetime]]:
    """Without history a closed deal spent its whole life in its current stage, if it is open."""
    if life.has_history:
        yield from _spans(life.visits)
    elif life.closed_at is not None and life.row_stage_outcome == "open":
        yield life.deal.stage, life.deal.created_at, life.closed_at


def _clip(life: Life, instant: datetime) -> datetime:
    """Into the deal's life, from created_at to closed_at."""
    later = max(instant, life.deal.created_at)
    return later if life.closed_at is None else min(later, life.closed_at)


def ended_visits(world: World) -> Iterator[EndedVisit]:
    """All ended visits; one that has not ended by as_of is not counted."""
    days = world.clock.days_between
    for life in world.lives:
        for stage, entered, exited in _spans_of_deal(life):
            labels = world.labels.standing(life, stage)
            yield EndedVisit(labels, exited, days(_clip(life, entered), _clip(life, exited)))
    for orphan in world.orphans:
        for _, entered, exited in _spans(orphan.visits):
            yield EndedVisit(ORPHAN_LABELS, exited, days(entered, exited))
