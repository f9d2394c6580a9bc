"""won_deals: deals won, closed in the period (kpis.md, Base metrics)."""

from ..rows import CLOSED_DEAL_DIMENSIONS, closed_deals
from ..table import ONE, FactsOf, Kpi, Measure, count, flow, given
from ..world import World


def _facts(world: World) -> FactsOf:
    return flow(closed_deals(world, lambda life, at: given(won=ONE)))


KPI = Kpi("won_deals", ("deals",), (Measure("won_deals", CLOSED_DEAL_DIMENSIONS, count("won")),), _facts)
