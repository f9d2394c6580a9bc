"""active_customers: the customers at the end of the period (kpis.md, Base metrics and 35)."""

from ..lifecycle import CUSTOMERS, Customers
from ..periods import Period
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, given
from ..world import World

_DIMENSIONS = ("segment", "rep", "team")


def _facts(world: World) -> FactsOf:
    customers = Customers(world)

    def facts(period: Period) -> list[Fact]:
        active = customers.active(customers.boundary(period.end))
        return [Fact(customers.labels(account), given(active=ONE)) for account in sorted(active)]

    return facts


KPI = Kpi("active_customers", (CUSTOMERS,), (Measure("active_customers", _DIMENSIONS, count("active")),), _facts)
