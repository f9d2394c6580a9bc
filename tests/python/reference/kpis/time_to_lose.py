"""25 time_to_lose: days from deal created to closed lost (kpis.md, 25)."""

from ..labels import NONE
from ..table import Fact, FactsOf, Kpi, Measure, flow, given, mean, quantile
from ..world import World

_DIMENSIONS = ("rep", "team", "stage", "lost_reason")


def _facts(world: World) -> FactsOf:
    """The stage is the one lost from; the reason is as delivered."""
    rows = []
    for life, at in world.closed("lost"):
        labels = world.labels.standing(life, life.lost_from())
        labels["lost_reason"] = life.deal.lost_reason or NONE
        rows.append((world.clock.day(at), Fact(labels, given(days=world.cycle_days(life, at)))))
    return flow(rows)


KPI = Kpi(
    "time_to_lose",
    ("deals",),
    (
        Measure("mean_days", _DIMENSIONS, mean("days")),
        Measure("median_days", _DIMENSIONS, quantile("days")),
    ),
    _facts,
)
