"""23 pipeline_multiplier: open amount over the period's revenue quota (kpis.md, 23)."""

from ..periods import MONTH_AND_COARSER, Period
from ..rows import open_deals, quota_labels, revenue_quotas
from ..table import ONE, Cell, Fact, FactsOf, Kpi, Measure, Result, divide, given
from ..world import World

_DIMENSIONS = ("rep", "team")


def _facts(world: World) -> FactsOf:
    """Open deals, and all the quotas of the period, also of a running one.

    A quota counts as a row in the period that holds the first day of its month (decision 5).
    """
    still_open = open_deals(world, lambda life, _: given(amount=world.money.open_amount(life)))

    def facts(period: Period) -> list[Fact]:
        quotas = [
            Fact(quota_labels(world, quota), given(quota=target, begun=ONE if period.holds(quota.month) else None))
            for quota, target in revenue_quotas(world, period)
        ]
        return [*still_open(period), *quotas]

    return facts


def _multiplier(cell: Cell) -> Result:
    amount, quota = cell.sum("amount"), cell.sum("quota")
    return Result(divide(amount, quota), cell.rows("amount", "begun"), amount, quota)


KPI = Kpi(
    "pipeline_multiplier",
    ("deals", "deal_stage_changes", "quotas"),
    (Measure("multiplier", _DIMENSIONS, _multiplier),),
    _facts,
    MONTH_AND_COARSER,
)
