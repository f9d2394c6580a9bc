"""14 competitor_pricing: our list price against the competitors' latest (kpis.md, 14)."""

from collections import defaultdict
from collections.abc import Hashable
from datetime import timedelta
from fractions import Fraction

from ..periods import Period
from ..sources import CompetitorPrice
from ..table import ONE, Cell, Fact, FactsOf, Kpi, Measure, Result, divide, given
from ..world import World

_DIMENSIONS = ("product", "competitor")


def _facts(world: World) -> FactsOf:
    """The latest price of each competitor for each product, at the rates of the period's last day."""
    products = {product.product_id: product for product in world.sources.products}
    prices = sorted(world.visible.competitor_prices, key=lambda price: price.observed_on)

    def fact(price: CompetitorPrice, period: Period) -> Fact:
        last_day = min(period.end - timedelta(days=1), world.clock.last_day)
        product = products.get(price.product_id)
        ours, theirs = None, None
        if product is not None and product.list_price is not None:
            ours = world.money.convert(product.list_price, product.currency, last_day)
            theirs = world.money.convert(price.price, price.currency, last_day)
        labels = {"product": world.labels.product(price.product_id), "competitor": price.competitor}
        return Fact(labels, given(seen=ONE, ours=ours, theirs=theirs), price.product_id)

    def facts(period: Period) -> list[Fact]:
        before = (price for price in prices if price.observed_on < period.end)
        latest = {(price.product_id, price.competitor): price for price in before}
        return [fact(price, period) for price in latest.values()]

    return facts


def _premium(cell: Cell) -> Result:
    """Per product; the mean over products without weights."""
    products: dict[Hashable, list[Fact]] = defaultdict(list)
    for fact in cell.facts:
        if "ours" in fact.inputs:
            products[fact.subject].append(fact)
    premiums = []
    for facts in products.values():
        theirs = sum((fact.inputs["theirs"] for fact in facts), Fraction(0)) / len(facts)
        relation = divide(facts[0].inputs["ours"], theirs)
        if relation is not None:
            premiums.append(relation - 1)
    above, below = sum(premiums, Fraction(0)), Fraction(len(premiums))
    return Result(divide(above, below), len(premiums), above, below)


def _competitors(cell: Cell) -> Result:
    """The distinct competitors whose price for a product is known."""
    competitors = len({fact.labels["competitor"] for fact in cell.facts})
    return Result(Fraction(competitors), competitors)


KPI = Kpi(
    "competitor_pricing",
    ("products", "competitor_prices"),
    (
        Measure("price_premium", _DIMENSIONS, _premium),
        Measure("competitors", _DIMENSIONS, _competitors),
    ),
    _facts,
)
