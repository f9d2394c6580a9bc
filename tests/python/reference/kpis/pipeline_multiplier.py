"""23 pipeline_multiplier: open amount over the period's revenue quota (kpis.md, 23)."""

from ..periods import MONTH_AND_COARSER, Period
from ..rows import open_deals, quota_labels, revenue_quotas
from ..table import Fact, FactsOf, Kpi, Measure, given, ratio
from ..world import World

_DIMENSIONS = ("rep", "team")


def _facts(world: World) -> FactsOf:
    """Open deals, and all the quotas of the period, also of a running one."""
    still_open = open_deals(world, lambda life, _: given(amount=world.money.open_amount(life)))

    def facts(period: Period) -> list[Fact]:
        quotas = [
            Fact(quota_labels(world, quota), given(quota=target)) for quota, target in revenue_quotas(world, period)
        ]
        return [*still_open(period), *quotas]

    return facts


KPI = Kpi(
    "pipeline_multiplier",
    ("deals", "deal_stage_changes", "quotas"),
    (Measure("multiplier", _DIMENSIONS, ratio("amount", "quota")),),
    _facts,
    MONTH_AND_COARSER,
)
