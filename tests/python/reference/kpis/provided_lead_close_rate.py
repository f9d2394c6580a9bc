"""27 provided_lead_close_rate: of the leads that the company provided, those that became customers (kpis.md, 27)."""

from ..outcomes import first_wins
from ..table import ONE, Fact, FactsOf, Kpi, Measure, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "channel")


def _facts(world: World) -> FactsOf:
    """A lead of which nobody knows who found it is in neither rate."""
    customers = first_wins(world)
    rows = []
    for lead in world.visible.leads:
        if lead.is_provided is not None:
            won = when(lead.lead_id in customers)
            inputs = given(provided=ONE, won=won) if lead.is_provided else given(sourced=ONE, sourced_won=won)
            rows.append((world.clock.day(lead.created_at), Fact(world.labels.lead(lead), inputs)))
    return flow(rows)


KPI = Kpi(
    "provided_lead_close_rate",
    ("leads", "deals"),
    (
        Measure("close_rate", _DIMENSIONS, ratio("won", "provided")),
        Measure("self_sourced_close_rate", _DIMENSIONS, ratio("sourced_won", "sourced")),
    ),
    _facts,
    cohort=True,
)
