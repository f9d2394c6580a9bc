"""What a deal was at every instant (kpis.md, Outcomes from history and As of)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from .clock import Clock
from .sources import Deal, Sources, Stage, StageChange

DEFAULT_PIPELINE = "default"

Stages = Mapping[tuple[str, str], Stage]


class Visit(NamedTuple):
    """A stage that a deal entered, and that stage's outcome and position (None: unknown)."""

    stage: str
    entered_at: datetime
    position: int | None
    outcome: str


class Standing(NamedTuple):
    """A deal is open, in this stage; None before its first stage change."""

    stage: str | None


@dataclass(frozen=True)
class Life:
    """A visible deal with its visible history, and its outcome and closing date as of as_of.

    `outcome` is None for a closed deal with no closing date anywhere: neither open nor closed.
    `row_stage_outcome` is the outcome of the stage that the row names.
    """

    deal: Deal
    pipeline: str
    has_history: bool
    visits: tuple[Visit, ...]
    row_stage_outcome: str
    outcome: str | None
    closed_at: datetime | None

    def open_at(self, instant: datetime) -> Standing | None:
        """Where the deal stood open at an instant, None where it was not open.

        A state counts what happened strictly before (kpis.md, State at a boundary).
        """
        if not self.deal.created_at < instant:
            return None
        if self.has_history:
            past = [visit for visit in self.visits if visit.entered_at < instant]
            if not past:
                return Standing(None)
            return Standing(past[-1].stage) if past[-1].outcome == "open" else None
        closed = self.closed_at is not None and self.closed_at < instant
        return None if closed or self.outcome is None else Standing(self.deal.stage)

    def lost_from(self) -> str | None:
        """The stage immediately before the closing change, None where there is none."""
        return self.visits[-2].stage if len(self.visits) > 1 else None


class Orphan(NamedTuple):
    """Stage changes of a deal that nobody delivered; its stages cannot be looked up: open."""

    deal_id: str
    visits: tuple[Visit, ...]


def pipeline_of(deal: Deal) -> str:
    """kpis.md, Slices: a null pipeline is `default`."""
    return deal.pipeline or DEFAULT_PIPELINE


def stage_index(sources: Sources) -> Stages:
    """The stages by pipeline and name."""
    return {(stage.pipeline, stage.stage): stage for stage in sources.stages}


def ordered(visits: Sequence[Visit]) -> tuple[Visit, ...]:
    """History in the order of (entered_at, position); unknown positions first, then by name."""

    def place(visit: Visit) -> tuple[datetime, bool, int, str]:
        known = visit.position is not None
        return visit.entered_at, known, visit.position or 0, visit.stage

    return tuple(sorted(visits, key=place))


def _visit(deal: Deal, change: StageChange, stages: Stages) -> Visit:
    """A change with its outcome: the stage's, else the row's for its current stage, else open."""
    stage = stages.get((pipeline_of(deal), change.stage))
    if stage is not None:
        return Visit(change.stage, change.entered_at, stage.position, stage.outcome)
    outcome = deal.outcome if change.stage == deal.stage else "open"
    return Visit(change.stage, change.entered_at, None, outcome)


def _present(
    deal: Deal, has_history: bool, visits: Sequence[Visit], clock: Clock
) -> tuple[str | None, datetime | None]:
    """Outcome and closing date as of as_of.

    History beats the row; a deal whose last change is into an open stage is open again. Without
    history the row stands, and an outcome dated at or after as_of falls back to open.
    """
    if has_history:
        if visits and visits[-1].outcome != "open":
            return visits[-1].outcome, visits[-1].entered_at
        return "open", None
    if deal.outcome == "open":
        return "open", None
    if deal.closed_at is None:
        return None, None
    if not clock.visible(deal.closed_at):
        return "open", None
    return deal.outcome, deal.closed_at


def _life(deal: Deal, changes: Sequence[StageChange], stages: Stages, clock: Clock) -> Life:
    """One deal with its history, delivered and visible."""
    visits = ordered([_visit(deal, c, stages) for c in changes if clock.visible(c.entered_at)])
    outcome, closed_at = _present(deal, bool(changes), visits, clock)
    row_stage = stages.get((pipeline_of(deal), deal.stage))
    return Life(
        deal=deal,
        pipeline=pipeline_of(deal),
        has_history=bool(changes),
        visits=visits,
        row_stage_outcome=row_stage.outcome if row_stage else deal.outcome,
        outcome=outcome,
        closed_at=closed_at,
    )


def lives(sources: Sources, clock: Clock) -> tuple[list[Life], list[Orphan]]:
    """All deals created before as_of, and the stage changes that belong to no deal."""
    stages = stage_index(sources)
    changes: dict[str, list[StageChange]] = {}
    for change in sources.deal_stage_changes:
        changes.setdefault(change.deal_id, []).append(change)
    known = [
        _life(deal, changes.get(deal.deal_id, []), stages, clock)
        for deal in sources.deals
        if clock.visible(deal.created_at)
    ]
    deal_ids = {deal.deal_id for deal in sources.deals}
    orphans = []
    for deal_id, rows in changes.items():
        seen = [Visit(c.stage, c.entered_at, None, "open") for c in rows]
        visits = ordered([visit for visit in seen if clock.visible(visit.entered_at)])
        if deal_id not in deal_ids and visits:
            orphans.append(Orphan(deal_id, visits))
    return known, orphans
