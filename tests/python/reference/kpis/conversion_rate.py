"""28 conversion_rate: leads that became customers, and customers that bought again (kpis.md, 28)."""

from ..lifecycle import CUSTOMERS, existing_customers
from ..outcomes import first_wins
from ..periods import Period
from ..table import ONE, Fact, FactsOf, Kpi, Measure, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "channel")


def _facts(world: World) -> FactsOf:
    """Leads by creation, and the customers at the period's start."""
    customers = first_wins(world)
    leads = flow(
        (
            world.clock.day(lead.created_at),
            Fact(world.labels.lead(lead), given(lead=ONE, won=when(lead.lead_id in customers))),
        )
        for lead in world.visible.leads
    )
    existing = existing_customers(world)

    def facts(period: Period) -> list[Fact]:
        return [*leads(period), *existing(period)]

    return facts


KPI = Kpi(
    "conversion_rate",
    (),
    (
        Measure("conversion_rate", _DIMENSIONS, ratio("won", "lead"), ("leads", "deals"), cohort=True),
        Measure("existing_customer_conversion_rate", _DIMENSIONS, ratio("sold_again", "existing"), (CUSTOMERS,)),
    ),
    _facts,
)
