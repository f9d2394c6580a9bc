"""35 customer_retention: of the customers at the start, those who are still there at the end (kpis.md, 35)."""

from ..lifecycle import CUSTOMERS, Customers
from ..periods import Period
from ..table import ONE, Fact, FactsOf, Kpi, Measure, given, ratio, when
from ..world import World

_DIMENSIONS = ("segment", "rep", "team")


def _facts(world: World) -> FactsOf:
    """The customers at the start: (customers at end - new) / customers at start, since new ones are not among them."""
    customers = Customers(world)

    def facts(period: Period) -> list[Fact]:
        start, end = customers.boundary(period.start), customers.boundary(period.end)
        return [
            Fact(
                customers.labels(account),
                given(
                    customer=ONE,
                    stayed=when(account in customers.active(end)),
                    mrr_before=customers.mrr(account, start, period.start),
                    mrr_after=customers.mrr(account, end, period.start),
                ),
            )
            for account in sorted(customers.active(start))
        ]

    return facts


KPI = Kpi(
    "customer_retention",
    (CUSTOMERS,),
    (
        Measure("retention_rate", _DIMENSIONS, ratio("stayed", "customer")),
        Measure("net_revenue_retention", _DIMENSIONS, ratio("mrr_after", "mrr_before"), ("subscriptions",)),
    ),
    _facts,
)
