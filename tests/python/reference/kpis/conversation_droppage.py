"""8 conversation_droppage: winnable calls that were not closed (kpis.md, 8)."""

from ..sources import Call
from ..table import ONE, Fact, FactsOf, Inputs, Kpi, Measure, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team")


def _inputs(call: Call) -> Inputs:
    """A closed call is closed, winnable or not; one not closed is winnable unless it is known not to be."""
    closed = call.outcome == "closed"
    lost_cause = not closed and call.is_winnable is False
    return given(
        call=ONE, closed=when(closed), unwinnable=when(lost_cause), dropped=when(not closed and not lost_cause)
    )


def _facts(world: World) -> FactsOf:
    return flow(
        (world.clock.day(call.started_at), Fact(world.labels.rep(call.rep_id), _inputs(call)))
        for call in world.visible.calls
    )


KPI = Kpi(
    "conversation_droppage",
    ("calls",),
    (
        Measure("droppage_rate", _DIMENSIONS, ratio("dropped", "call")),
        Measure("close_rate", _DIMENSIONS, ratio("closed", "call")),
        Measure("unwinnable_rate", _DIMENSIONS, ratio("unwinnable", "call")),
    ),
    _facts,
)
