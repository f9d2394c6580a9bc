"""revenue: the amount of deals won in the period (kpis.md, Base metrics)."""

from ..rows import CLOSED_DEAL_DIMENSIONS, closed_deals
from ..table import FactsOf, Kpi, Measure, flow, given, total
from ..world import World


def _facts(world: World) -> FactsOf:
    """A won deal without an amount adds no revenue and opens no slice."""
    return flow(closed_deals(world, lambda life, at: given(amount=world.money.amount(life))))


KPI = Kpi("revenue", ("deals",), (Measure("revenue", CLOSED_DEAL_DIMENSIONS, total("amount")),), _facts)
