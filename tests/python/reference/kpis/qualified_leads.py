"""2 qualified_leads: leads qualified, and of those created the share that ever was (kpis.md, 2)."""

from collections.abc import Iterator
from datetime import date

from ..outcomes import qualified_at
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "channel")


def _dated(world: World) -> Iterator[tuple[date, Fact]]:
    """Each lead on the day of its creation, and once more on that of its qualification."""
    for lead in world.visible.leads:
        labels, at = world.labels.lead(lead), qualified_at(world, lead)
        yield world.clock.day(lead.created_at), Fact(labels, given(lead=ONE, of=when(at is not None)))
        if at is not None:
            yield world.clock.day(at), Fact(labels, given(qualified=ONE))


def _facts(world: World) -> FactsOf:
    return flow(_dated(world))


KPI = Kpi(
    "qualified_leads",
    ("leads",),
    (
        Measure("qualified_leads", _DIMENSIONS, count("qualified")),
        Measure("qualification_rate", _DIMENSIONS, ratio("of", "lead"), cohort=True),
    ),
    _facts,
)
