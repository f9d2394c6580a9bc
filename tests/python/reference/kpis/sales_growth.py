"""32 sales_growth: revenue against an earlier period's (kpis.md, 32 and Comparisons)."""

from ..periods import Period, cut_of, previous, year_earlier
from ..table import Cell, Compute, Fact, FactsOf, Kpi, Measure, Result, divide, given, total
from ..world import World

_DIMENSIONS = ("rep", "team", "channel", "product")


def _facts(world: World) -> FactsOf:
    """Won deals with an amount: of the period, of the preceding one, of the year before."""
    wins = []
    for life, at in world.closed("won"):
        amount = world.money.amount(life)
        if amount is not None:
            wins.append((world.clock.wall(at), world.labels.deal(life.deal), amount))

    def compared(period: Period, other: Period, name: str) -> list[Fact]:
        cut = cut_of(period, other, world.clock)
        return [
            Fact(labels, given(**{name: amount}))
            for wall, labels, amount in wins
            if other.holds(wall.date()) and wall < cut
        ]

    def facts(period: Period) -> list[Fact]:
        return [
            *(Fact(labels, given(revenue=a)) for w, labels, a in wins if period.holds(w.date())),
            *compared(period, previous(period, world.settings), "previous"),
            *compared(period, year_earlier(period, world.settings), "year_earlier"),
        ]

    return facts


def _growth(base: str) -> Compute:
    """A zero or null base gives null."""

    def compute(cell: Cell) -> Result:
        quotient = divide(cell.sum("revenue"), cell.sum(base))
        return Result(None if quotient is None else quotient - 1, cell.rows("revenue", base))

    return compute


KPI = Kpi(
    "sales_growth",
    ("deals",),
    (
        Measure("growth", _DIMENSIONS, _growth("previous")),
        Measure("growth_year_on_year", _DIMENSIONS, _growth("year_earlier")),
        Measure("revenue", _DIMENSIONS, total("revenue")),
    ),
    _facts,
)
