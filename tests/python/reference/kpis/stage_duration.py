"""18 stage_duration: days of stage visits that ended in the period (kpis.md, 18)."""

from fractions import Fraction

from ..table import Fact, FactsOf, Kpi, Measure, count, flow, given, mean, quantile
from ..trails import ended_visits
from ..world import World

_DIMENSIONS = ("stage", "rep", "team", "pipeline")


def _facts(world: World) -> FactsOf:
    return flow(
        (world.clock.day(visit.exited_at), Fact(visit.labels, given(days=Fraction(visit.days))))
        for visit in ended_visits(world)
    )


KPI = Kpi(
    "stage_duration",
    ("deals", "deal_stage_changes", "stages"),
    (
        Measure("mean_days", _DIMENSIONS, mean("days")),
        Measure("median_days", _DIMENSIONS, quantile("days")),
        Measure("p90_days", _DIMENSIONS, quantile("days", Fraction(9, 10))),
        Measure("visits", _DIMENSIONS, count("days")),
    ),
    _facts,
)
