"""36 churn_by_rep: customers lost, by the rep who closed them (kpis.md, 36)."""

from fractions import Fraction

from ..lifecycle import CUSTOMERS, Customers
from ..periods import Period
from ..table import ONE, Fact, FactsOf, Inputs, Kpi, Measure, count, given, mean, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "segment")


def _facts(world: World) -> FactsOf:
    """The customers at the period's start."""
    customers = Customers(world)

    def inputs(account: str, period: Period) -> Inputs:
        end = customers.boundary(period.end)
        if account in customers.active(end):
            return given(customer=ONE, lost=when(False))
        return given(customer=ONE, lost=ONE, churned=ONE, days=Fraction(customers.lasted_days(account, end)))

    def facts(period: Period) -> list[Fact]:
        active = customers.active(customers.boundary(period.start))
        return [Fact(customers.labels(account), inputs(account, period)) for account in sorted(active)]

    return facts


KPI = Kpi(
    "churn_by_rep",
    (CUSTOMERS,),
    (
        Measure("churn_rate", _DIMENSIONS, ratio("lost", "customer")),
        Measure("churned", _DIMENSIONS, count("churned")),
        Measure("mean_lifetime_days", _DIMENSIONS, mean("days")),
    ),
    _facts,
)
