"""12 marketing_lead_quality: of marketing's leads, those that sales accepted (kpis.md, 12)."""

from fractions import Fraction

from ..outcomes import first_wins, qualified_at
from ..sources import Lead
from ..table import ONE, Fact, FactsOf, Inputs, Kpi, Measure, flow, given, mean, ratio, when
from ..world import World

_DIMENSIONS = ("channel", "campaign")


def _facts(world: World) -> FactsOf:
    customers = first_wins(world)

    def inputs(lead: Lead) -> Inputs:
        return given(
            lead=ONE,
            accepted=when(qualified_at(world, lead) is not None),
            score=None if lead.score is None else Fraction(lead.score),
            won=when(lead.lead_id in customers),
        )

    return flow(
        (world.clock.day(lead.created_at), Fact(world.labels.lead(lead), inputs(lead)))
        for lead in world.visible.leads
        if lead.origin == "marketing"
    )


KPI = Kpi(
    "marketing_lead_quality",
    ("leads",),
    (
        Measure("accepted_share", _DIMENSIONS, ratio("accepted", "lead")),
        Measure("mean_score", _DIMENSIONS, mean("score")),
        Measure("won_share", _DIMENSIONS, ratio("won", "lead"), ("deals",)),
    ),
    _facts,
    cohort=True,
)
