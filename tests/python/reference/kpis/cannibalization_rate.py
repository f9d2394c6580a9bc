"""37 cannibalization_rate: what a new product takes from the one that it replaces (kpis.md, 37)."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from ..periods import MONTH_AND_COARSER, Period
from ..sales import months_before, sales
from ..table import Fact, FactsOf, Kpi, Measure, given, ratio
from ..world import World

_DIMENSIONS = ("product",)
_BASELINE_MONTHS = 3


class _Sold(NamedTuple):
    """What was sold of a product on a day."""

    day: date
    revenue: Fraction
    units: Fraction


class _Launch(NamedTuple):
    """A new product, and the one that it replaces; `takes` where the loss of that one is its own."""

    product_id: str
    predecessor_id: str
    launched_on: date
    takes: bool


def _launches(world: World) -> Iterator[_Launch]:
    """A predecessor's loss belongs to the earliest launch, for it is lost once."""
    taken: set[str] = set()
    dated = [(row.launched_on, row.product_id, row) for row in world.sources.products if row.launched_on is not None]
    for launched_on, product_id, product in sorted(dated, key=lambda entry: entry[:2]):
        predecessor_id = product.predecessor_product_id
        if predecessor_id is not None:
            yield _Launch(product_id, predecessor_id, launched_on, predecessor_id not in taken)
            taken.add(predecessor_id)


def months_in(period: Period) -> Fraction:
    """The sum over the period's days of 1 / days of the month."""
    days = [period.start + timedelta(days=n) for n in range((period.end - period.start).days)]
    return sum((Fraction(1, _days_of_month(day)) for day in days), Fraction(0))


def _days_of_month(day: date) -> int:
    first = day.replace(day=1)
    return (months_before(first, -1) - first).days


def _facts(world: World) -> FactsOf:
    """One row per new product that can be measured: launched by the period's end, its predecessor known long enough."""
    sold: dict[str, list[_Sold]] = {}
    for sale in sales(world):
        if sale.line.product_id is not None:
            row = _Sold(sale.day, sale.revenue, Fraction(sale.line.quantity))
            sold.setdefault(sale.line.product_id, []).append(row)

    def within(product_id: str, start: date, end: date) -> tuple[Fraction, Fraction]:
        rows = [row for row in sold.get(product_id, []) if start <= row.day < end]
        return sum((row.revenue for row in rows), Fraction(0)), sum((row.units for row in rows), Fraction(0))

    def fact(launch: _Launch, period: Period) -> Fact | None:
        launch_month = launch.launched_on.replace(day=1)
        known_from = min((row.day for row in sold.get(launch.predecessor_id, [])), default=None)
        launched = launch.launched_on < period.end and launch.launched_on <= world.clock.last_day
        if not launched or known_from is None or known_from >= months_before(launch_month, _BASELINE_MONTHS - 1):
            return None
        before = within(launch.predecessor_id, months_before(launch_month, _BASELINE_MONTHS), launch_month)
        now = within(launch.predecessor_id, period.start, period.end)
        lost = [
            max(b / _BASELINE_MONTHS * months_in(period) - n, Fraction(0)) for b, n in zip(before, now, strict=True)
        ]
        new_revenue, new_units = within(launch.product_id, period.start, period.end)
        inputs = given(
            lost=lost[0] if launch.takes else Fraction(0),
            lost_units=lost[1] if launch.takes else Fraction(0),
            new=new_revenue,
            new_units=new_units,
        )
        return Fact({"product": world.labels.product(launch.product_id)}, inputs)

    launches = list(_launches(world))

    def facts(period: Period) -> list[Fact]:
        found = (fact(launch, period) for launch in launches)
        return [row for row in found if row is not None]

    return facts


KPI = Kpi(
    "cannibalization_rate",
    ("orders", "order_lines", "products"),
    (
        Measure("cannibalization_rate", _DIMENSIONS, ratio("lost", "new")),
        Measure("cannibalization_rate_units", _DIMENSIONS, ratio("lost_units", "new_units")),
    ),
    _facts,
    MONTH_AND_COARSER,
)
