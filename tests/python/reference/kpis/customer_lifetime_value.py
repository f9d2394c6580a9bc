"""34 customer_lifetime_value: what a customer brings, and what it costs to win one (kpis.md, 34).

Everything is of the trailing 12 months to the period's end.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from ..labels import NONE
from ..lifecycle import CUSTOMERS, Customers
from ..periods import Period
from ..sales import MONTHS_BACK, sales, trailing_months
from ..table import ONE, Cell, Fact, FactsOf, Kpi, Measure, Result, divide, flow, given, when
from ..wins import wins_by_account
from ..world import World

_YEAR = Fraction(36525, 100)


def _dated(world: World, customers: Customers) -> Iterator[tuple[date, Fact]]:
    """Lines with a cost, won deals, new customers, and what it cost to win them, which belongs to no segment."""
    nobody = {"segment": NONE, "channel": NONE}

    def labels(account: str | None) -> dict[str, str]:
        return nobody if account is None else customers.labels(account)

    for sale in sales(world):
        if sale.cost is not None:
            inputs = given(line_revenue=sale.revenue, profit=sale.revenue - sale.cost)
            yield sale.day, Fact(labels(sale.order.account_id), inputs)
    for life, at in world.closed("won"):
        inputs = given(deal_revenue=world.money.amount(life))
        yield world.clock.day(at), Fact(labels(life.deal.account_id), inputs)
    for account, wins in wins_by_account(world).items():
        yield world.clock.day(wins[0][1]), Fact(labels(account), given(new=ONE))
    for spend in world.visible.ad_spend:
        cost = world.money.convert(spend.cost, spend.currency, spend.spent_on)
        yield spend.spent_on, Fact({"channel": spend.channel or NONE}, given(cost=cost))
    for row in world.visible.acquisition_costs:
        cost = world.money.convert(row.amount, row.currency, row.incurred_on)
        yield row.incurred_on, Fact({"channel": row.channel or NONE}, given(cost=cost))


def _facts(world: World) -> FactsOf:
    customers = Customers(world)
    dated = flow(_dated(world, customers))

    def of_months(months: list[Period]) -> Iterator[Fact]:
        """One row per account: the month starts and ends at which it is a customer, its losses, and its revenue."""
        accounts: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for month in months:
            start, end = customers.boundary(month.start), customers.boundary(month.end)
            for account in customers.active(start):
                accounts[account]["before"] += 1
                accounts[account]["lost"] += when(account not in customers.active(end))
            for account in customers.active(end):
                accounts[account]["after"] += 1
                accounts[account]["mrr"] += customers.mrr(account, end)
        for account, inputs in accounts.items():
            yield Fact(customers.labels(account), inputs)

    def so_far(end: date) -> Iterator[Fact]:
        """Everybody who has been a customer by the end, ended or not, with the years that it lasted."""
        at = customers.boundary(end)
        for account in customers.stints:
            if customers.began_on(account) < at.day:
                years = customers.lasted_days(account, at) / _YEAR
                yield Fact(customers.labels(account), given(years=years))

    def facts(period: Period) -> list[Fact]:
        months = trailing_months(world, period)
        rows = [fact for month in months for fact in dated(month)]
        return [*rows, *of_months(months), *so_far(period.end)]

    return facts


def _lifetime_value(cell: Cell) -> Fraction | None:
    """Gross margin x (1 / monthly churn) x monthly revenue per customer; no churn gives null."""
    margin = divide(cell.sum("profit"), cell.sum("line_revenue"))
    churn = divide(cell.sum("lost"), cell.sum("before"))
    monthly = divide(cell.sum("mrr"), cell.sum("after"))
    if margin is None or monthly is None:
        return None
    return divide(margin * monthly, churn)


def _acquisition_cost(cell: Cell) -> Fraction | None:
    return divide(cell.sum("cost"), cell.sum("new"))


def _clv(cell: Cell) -> Result:
    return Result(_lifetime_value(cell), int(cell.sum("after")))


def _relationship(cell: Cell) -> Result:
    """Yearly deal revenue per customer x mean years - CAC."""
    yearly = divide(cell.sum("deal_revenue"), cell.sum("after") / MONTHS_BACK)
    years = divide(cell.sum("years"), Fraction(cell.rows("years")))
    cost = _acquisition_cost(cell)
    value = None if yearly is None or years is None or cost is None else yearly * years - cost
    return Result(value, cell.rows("years"))


def _cac(cell: Cell) -> Result:
    return Result(_acquisition_cost(cell), cell.rows("new"), cell.sum("cost"), cell.sum("new"))


def _ratio(cell: Cell) -> Result:
    return Result(divide(_lifetime_value(cell), _acquisition_cost(cell)), int(cell.sum("after")))


_COSTS = "acquisition_costs|ad_spend"
_RECURRING = (CUSTOMERS, "subscriptions", "orders", "order_lines")

KPI = Kpi(
    "customer_lifetime_value",
    (),
    (
        Measure("clv", ("segment", "channel"), _clv, _RECURRING),
        Measure("clv_relationship", ("channel",), _relationship, (CUSTOMERS, "deals", _COSTS)),
        Measure("cac", ("channel",), _cac, ("deals", _COSTS)),
        Measure("ltv_cac_ratio", ("channel",), _ratio, (*_RECURRING, "deals", _COSTS)),
    ),
    _facts,
)
