"""win_rate: won of the deals closed in the period, and by value (kpis.md, Base metrics)."""

from datetime import datetime
from fractions import Fraction

from ..deals import Life
from ..rows import CLOSED_DEAL_DIMENSIONS, closed_deals
from ..table import (
    ONE,
    Cell,
    FactsOf,
    Inputs,
    Kpi,
    Measure,
    Result,
    divide,
    flow,
    given,
    ratio,
    when,
)
from ..world import World


def _facts(world: World) -> FactsOf:
    def inputs(life: Life, _: datetime) -> Inputs:
        amount = world.money.amount(life)
        won = life.outcome == "won"
        return given(
            won=when(won),
            closed=ONE,
            amount=amount,
            won_amount=amount if won else None,
            lost_amount=None if won else amount,
        )

    return flow(closed_deals(world, inputs, ("won", "lost")))


def _by_value(cell: Cell) -> Result:
    """On amounts, over closed deals that have one; null where no lost deal has."""
    won, closed = cell.sum("won_amount"), cell.sum("amount")
    value: Fraction | None = divide(won, closed) if cell.rows("lost_amount") else None
    return Result(value, cell.rows("amount"), won, closed)


KPI = Kpi(
    "win_rate",
    ("deals",),
    (
        Measure("win_rate", CLOSED_DEAL_DIMENSIONS, ratio("won", "closed")),
        Measure("win_rate_by_value", CLOSED_DEAL_DIMENSIONS, _by_value),
    ),
    _facts,
)
