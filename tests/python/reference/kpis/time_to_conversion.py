"""24 time_to_conversion: days from a lead's creation to its first win (kpis.md, 24)."""

from fractions import Fraction

from ..contacts import contacts_by_lead
from ..outcomes import first_wins
from ..table import Fact, FactsOf, Kpi, Measure, flow, given, mean, quantile
from ..world import World

_DIMENSIONS = ("channel", "rep", "team")


def _facts(world: World) -> FactsOf:
    """Dated by the first win, with the deal's rep and the lead's channel; touches lie before the win."""
    wins, contacts = first_wins(world), contacts_by_lead(world)
    rows = []
    for lead in world.visible.leads:
        if lead.lead_id in wins:
            life, at = wins[lead.lead_id]
            labels = {**world.labels.lead(lead), **world.labels.rep(life.deal.rep_id)}
            touches = sum(1 for contact in contacts.get(lead.lead_id, []) if contact.occurred_at < at)
            days = world.clock.days_between(lead.created_at, at)
            rows.append((world.clock.day(at), Fact(labels, given(days=Fraction(days), touches=Fraction(touches)))))
    return flow(rows)


KPI = Kpi(
    "time_to_conversion",
    ("leads", "deals"),
    (
        Measure("mean_days", _DIMENSIONS, mean("days")),
        Measure("median_days", _DIMENSIONS, quantile("days")),
        Measure("p90_days", _DIMENSIONS, quantile("days", Fraction(9, 10))),
        Measure("mean_touches", _DIMENSIONS, mean("touches"), ("activities",)),
    ),
    _facts,
)
