"""13 lead_to_opportunity_rate: of the leads created, those with a deal (kpis.md, 13)."""

from ..outcomes import with_opportunity
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "channel")


def _facts(world: World) -> FactsOf:
    """A lead with several deals is one opportunity."""
    with_deal = with_opportunity(world)
    rows = []
    for lead in world.visible.leads:
        found = when(lead.lead_id in with_deal)
        inputs = given(lead=ONE, of=found, opportunity=found or None)
        rows.append((world.clock.day(lead.created_at), Fact(world.labels.lead(lead), inputs)))
    return flow(rows)


KPI = Kpi(
    "lead_to_opportunity_rate",
    ("leads",),
    (
        Measure("lead_to_opportunity_rate", _DIMENSIONS, ratio("of", "lead"), ("deals",)),
        Measure("leads", _DIMENSIONS, count("lead")),
        Measure("opportunities", _DIMENSIONS, count("opportunity"), ("deals",)),
    ),
    _facts,
    cohort=True,
)
