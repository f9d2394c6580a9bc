"""open_pipeline: what is open at the end of the period (kpis.md, Base metrics)."""

from ..deals import Life, Standing
from ..rows import open_deals
from ..table import ONE, FactsOf, Inputs, Kpi, Measure, count, given, total
from ..world import World

_DIMENSIONS = ("rep", "team", "region", "stage", "pipeline")


def _facts(world: World) -> FactsOf:
    def inputs(life: Life, standing: Standing) -> Inputs:
        amount = world.money.open_amount(life)
        probability = world.probability(life, standing.stage)
        weighted = None if probability is None else amount * probability
        return given(open=ONE, amount=amount, weighted=weighted)

    return open_deals(world, inputs)


KPI = Kpi(
    "open_pipeline",
    ("deals", "stages"),
    (
        Measure("open_deals", _DIMENSIONS, count("open")),
        Measure("open_amount", _DIMENSIONS, total("amount")),
        Measure("weighted_amount", _DIMENSIONS, total("weighted")),
    ),
    _facts,
)
