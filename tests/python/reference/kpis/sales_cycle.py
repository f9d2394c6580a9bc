"""sales_cycle: days from created to won, deals won in the period (kpis.md, Base metrics)."""

from fractions import Fraction

from ..rows import CLOSED_DEAL_DIMENSIONS, closed_deals
from ..table import FactsOf, Kpi, Measure, flow, given, mean, quantile
from ..world import World


def _facts(world: World) -> FactsOf:
    return flow(closed_deals(world, lambda life, at: given(days=world.cycle_days(life, at))))


KPI = Kpi(
    "sales_cycle",
    ("deals",),
    (
        Measure("mean_days", CLOSED_DEAL_DIMENSIONS, mean("days")),
        Measure("median_days", CLOSED_DEAL_DIMENSIONS, quantile("days")),
        Measure("p90_days", CLOSED_DEAL_DIMENSIONS, quantile("days", Fraction(9, 10))),
    ),
    _facts,
)
