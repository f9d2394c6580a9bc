"""20 repeat_sales_by_channel: deals won from accounts that had already won one (kpis.md, 20)."""

from datetime import datetime

from ..deals import Life
from ..rows import closed_deals
from ..table import ONE, FactsOf, Inputs, Kpi, Measure, count, flow, given, ratio, total, when
from ..wins import wins_by_account
from ..world import World

_DIMENSIONS = ("channel",)


def _facts(world: World) -> FactsOf:
    """A deal without an account never repeats; an unknown account id is an account."""
    repeats = {life.deal.deal_id for wins in wins_by_account(world).values() for life, _ in wins[1:]}

    def inputs(life: Life, _: datetime) -> Inputs:
        is_repeat = life.deal.deal_id in repeats
        return given(
            won=ONE,
            of=when(is_repeat),
            repeat=ONE if is_repeat else None,
            amount=world.money.amount(life) if is_repeat else None,
        )

    return flow(closed_deals(world, inputs))


KPI = Kpi(
    "repeat_sales_by_channel",
    ("deals", "accounts"),
    (
        Measure("repeat_sales", _DIMENSIONS, count("repeat")),
        Measure("repeat_revenue", _DIMENSIONS, total("amount")),
        Measure("repeat_share", _DIMENSIONS, ratio("of", "won")),
    ),
    _facts,
)
