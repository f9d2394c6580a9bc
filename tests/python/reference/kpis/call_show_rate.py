"""6 call_show_rate: of the booked presentations, those that took place (kpis.md, 6)."""

from collections.abc import Iterator

from ..sources import Meeting
from ..table import ONE, Fact, FactsOf, Inputs, Kpi, Measure, count, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "channel", "kind")
_PRESENTATIONS = ("discovery", "demo")


def _booked(world: World) -> Iterator[tuple[Meeting, str]]:
    """Presentations with their status as of as_of; one to come is scheduled, and there if it was booked before."""
    for meeting in world.sources.meetings:
        if meeting.kind in _PRESENTATIONS:
            if world.clock.visible(meeting.scheduled_for):
                yield meeting, meeting.status
            elif meeting.booked_at is not None and world.clock.visible(meeting.booked_at):
                yield meeting, "scheduled"


def _inputs(status: str) -> Inputs:
    """Cancelled meetings and those to come are outside the rate, and so is one left scheduled in the past."""
    booked = given(scheduled=ONE)
    if status not in ("held", "no_show"):
        return booked
    missed = status == "no_show"
    return {**booked, **given(judged=ONE, held=when(not missed), no_show=ONE if missed else None)}


def _facts(world: World) -> FactsOf:
    return flow(
        (world.clock.day(meeting.scheduled_for), Fact(world.labels.meeting(meeting), _inputs(status)))
        for meeting, status in _booked(world)
    )


KPI = Kpi(
    "call_show_rate",
    ("meetings",),
    (
        Measure("show_rate", _DIMENSIONS, ratio("held", "judged")),
        Measure("scheduled", _DIMENSIONS, count("scheduled")),
        Measure("no_shows", _DIMENSIONS, count("no_show")),
    ),
    _facts,
)
