"""26 quota_attainment_rate: the share of reps who reached their quota (kpis.md, 26)."""

from collections import defaultdict
from fractions import Fraction

from ..periods import MONTH_AND_COARSER, Period
from ..rows import revenue_quotas
from ..table import ONE, Fact, FactsOf, Kpi, Measure, given, mean, ratio, when
from ..world import World

_DIMENSIONS = ("team", "rep")


def _revenue_by_rep(world: World, period: Period) -> dict[str, Fraction]:
    """Each rep's amount of deals won in the period."""
    revenue: dict[str, Fraction] = defaultdict(Fraction)
    for life, at in world.closed("won"):
        if life.deal.rep_id is not None and period.holds(world.clock.day(at)):
            revenue[life.deal.rep_id] += world.money.amount(life) or 0
    return revenue


def _facts(world: World) -> FactsOf:
    """One row per rep whose quota in the period is above zero, departed and unknown ones too."""

    def facts(period: Period) -> list[Fact]:
        quotas: dict[str, Fraction] = defaultdict(Fraction)
        for quota, target in revenue_quotas(world, period):
            if quota.rep_id is not None:
                quotas[quota.rep_id] += target
        revenue = _revenue_by_rep(world, period)
        return [
            Fact(
                world.labels.rep(rep_id),
                given(
                    rep=ONE,
                    attained=when(revenue[rep_id] >= quota),
                    attainment=revenue[rep_id] / quota,
                ),
            )
            for rep_id, quota in quotas.items()
            if quota > 0
        ]

    return facts


KPI = Kpi(
    "quota_attainment_rate",
    ("deals", "quotas", "reps"),
    (
        Measure("attainment_rate", _DIMENSIONS, ratio("attained", "rep")),
        Measure("mean_attainment", _DIMENSIONS, mean("attainment")),
    ),
    _facts,
    MONTH_AND_COARSER,
)
