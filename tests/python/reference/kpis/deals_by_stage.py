"""16 deals_by_stage: the shape of the open pipeline at the period's end (kpis.md, 16)."""

from ..deals import Life, Standing
from ..labels import NONE, UNKNOWN
from ..periods import Period, boundary
from ..table import (
    ONE,
    Fact,
    FactsOf,
    Kpi,
    Measure,
    count,
    given,
    ratio,
    share_of_total,
    total,
    when,
)
from ..world import World

_DIMENSIONS = ("stage", "probability_bucket", "rep", "team")
#: with an en dash
_BUCKETS = ("0\u201325", "25\u201350", "50\u201375", "75\u2013100")


def _bucket(world: World, life: Life, standing: Standing) -> str:
    """[0, .25), [.25, .5), [.5, .75), [.75, 1] (kpis.md, Rulings, 16).

    Without a stage, or a probability of it, there is none; of a stage that points nowhere it is unknown.
    """
    if standing.stage is not None and (life.pipeline, standing.stage) not in world.stages:
        return UNKNOWN
    probability = world.probability(life, standing.stage)
    return NONE if probability is None else _BUCKETS[min(int(probability * 4), 3)]


def _facts(world: World) -> FactsOf:
    def facts(period: Period) -> list[Fact]:
        rows = []
        for life, standing in world.open_at(boundary(period, world.clock)):
            bucket = _bucket(world, life, standing)
            labels = world.labels.standing(life, standing.stage)
            inputs = given(
                open=ONE,
                amount=world.money.open_amount(life),
                middle=when(bucket in _BUCKETS[1:3]),
            )
            rows.append(Fact({**labels, "probability_bucket": bucket}, inputs))
        return rows

    return facts


KPI = Kpi(
    "deals_by_stage",
    ("deals", "deal_stage_changes", "stages"),
    (
        Measure("open_deals", _DIMENSIONS, count("open")),
        Measure("open_amount", _DIMENSIONS, total("amount")),
        Measure("share", _DIMENSIONS, share_of_total("open")),
        Measure("middle_share", _DIMENSIONS, ratio("middle", "open")),
    ),
    _facts,
)
