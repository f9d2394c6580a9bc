"""10 brand_mentions: how often, and how well, the brand is spoken of (kpis.md, 10)."""

from fractions import Fraction

from ..labels import NONE
from ..table import ONE, Fact, FactsOf, Kpi, Measure, count, flow, given, ratio, total, when
from ..world import World

_DIMENSIONS = ("platform",)


def _facts(world: World) -> FactsOf:
    """A mention of unknown sentiment is one of all; it is neither positive nor negative."""
    rows = []
    for mention in world.visible.brand_mentions:
        positive, negative = (when(mention.sentiment == name) for name in ("positive", "negative"))
        inputs = given(
            mention=ONE,
            positive=positive,
            negative=negative,
            net=positive - negative,
            reach=None if mention.reach is None else Fraction(mention.reach),
        )
        rows.append((world.clock.day(mention.mentioned_at), Fact({"platform": mention.platform or NONE}, inputs)))
    return flow(rows)


KPI = Kpi(
    "brand_mentions",
    ("brand_mentions",),
    (
        Measure("mentions", _DIMENSIONS, count("mention")),
        Measure("positive_share", _DIMENSIONS, ratio("positive", "mention")),
        Measure("negative_share", _DIMENSIONS, ratio("negative", "mention")),
        Measure("net_sentiment", _DIMENSIONS, ratio("net", "mention")),
        Measure("reach", _DIMENSIONS, total("reach")),
    ),
    _facts,
)
