"""33 profit_margin: what is left of what orders bring (kpis.md, 33)."""

from collections import defaultdict
from collections.abc import Hashable
from datetime import date
from fractions import Fraction

from ..periods import Period
from ..sales import Sale, order_labels, sales, trailing_months
from ..table import Cell, Fact, FactsOf, Inputs, Kpi, Measure, Result, divide, flow, given, ratio
from ..world import World

_DIMENSIONS = ("product", "product_line", "channel")


def _labels(world: World, sale: Sale) -> dict[str, str]:
    return {
        **order_labels(world, sale.order),
        "product": world.labels.product(sale.line.product_id),
        "product_line": world.labels.product_line(sale.line.product_id),
    }


def _costed(sale: Sale) -> Inputs:
    """A line whose cost nobody knows leaves both sides of a margin."""
    if sale.cost is None:
        return {}
    return given(costed_revenue=sale.revenue, profit=sale.revenue - sale.cost)


def _facts(world: World) -> FactsOf:
    """The period's lines, about their product; and those of the trailing 12 months, about their month."""
    lines: list[tuple[date, Fact]] = []
    for sale in sales(world):
        known = None if sale.product is None else sale.product.product_id
        lines.append((sale.day, Fact(_labels(world, sale), {**_costed(sale), "revenue": sale.revenue}, known)))
    dated = flow(lines)

    def facts(period: Period) -> list[Fact]:
        own = [
            fact._replace(inputs={name: value for name, value in fact.inputs.items() if name != "revenue"})
            for fact in dated(period)
        ]
        trailing = [
            Fact(fact.labels, {f"trailing_{name}": value for name, value in fact.inputs.items()}, month)
            for month in trailing_months(world, period)
            for fact in dated(month)
        ]
        return own + trailing

    return facts


def _mean_product_margin(cell: Cell) -> Result:
    """Without weights; a line without a known product is in no product's margin."""
    profit: dict[Hashable, Fraction] = defaultdict(Fraction)
    revenue: dict[Hashable, Fraction] = defaultdict(Fraction)
    for fact in cell.facts:
        if "profit" in fact.inputs and fact.subject is not None:
            profit[fact.subject] += fact.inputs["profit"]
            revenue[fact.subject] += fact.inputs["costed_revenue"]
    margins = [profit[product] / revenue[product] for product in profit if revenue[product]]
    above, below = sum(margins, Fraction(0)), Fraction(len(margins))
    return Result(divide(above, below), len(margins), above, below)


def _projected(cell: Cell) -> Result:
    """The margin of the lines with a cost, on the revenue of all lines, by the months with a line among them."""
    margin = divide(cell.sum("trailing_profit"), cell.sum("trailing_costed_revenue"))
    monthly = divide(cell.sum("trailing_revenue"), Fraction(len(cell.subjects("trailing_revenue"))))
    projected = None if margin is None or monthly is None else margin * monthly
    return Result(projected, cell.rows("trailing_revenue"))


KPI = Kpi(
    "profit_margin",
    ("orders", "order_lines", "products"),
    (
        Measure("profit_margin", _DIMENSIONS, ratio("profit", "costed_revenue")),
        Measure("mean_product_margin", _DIMENSIONS, _mean_product_margin),
        Measure("projected_monthly_profit", _DIMENSIONS, _projected),
    ),
    _facts,
)
