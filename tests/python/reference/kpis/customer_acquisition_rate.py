"""29 customer_acquisition_rate: of the prospects first contacted, those that became customers (kpis.md, 29)."""

from collections.abc import Iterator
from datetime import date

from ..contacts import contacts_by_lead, outbound
from ..outcomes import first_wins
from ..table import ONE, Fact, FactsOf, Kpi, Measure, flow, given, ratio, when
from ..world import World

_DIMENSIONS = ("outreach_method", "touches", "rep", "team")


def _bucket(touches: int) -> str:
    """1, 2, 3-4, 5-7 or 8+, with an en dash."""
    if touches < 3:
        return str(touches)
    return "3\u20134" if touches < 5 else "5\u20137" if touches < 8 else "8+"


def _dated(world: World) -> Iterator[tuple[date, Fact]]:
    """By the first outbound contact; touches are those up to the win, a lead first contacted after it is none."""
    wins, contacts = first_wins(world), contacts_by_lead(world)
    for lead in world.visible.leads:
        win = wins.get(lead.lead_id)
        ours = outbound(contacts.get(lead.lead_id, []))
        touches = [each for each in ours if win is None or each.occurred_at <= win[1]]
        if touches:
            first = touches[0]
            labels = {
                **world.labels.rep(first.rep_id),
                "outreach_method": first.kind,
                "touches": _bucket(len(touches)),
            }
            inputs = given(contacted=ONE, won=when(win is not None))
            yield world.clock.day(first.occurred_at), Fact(labels, inputs)


def _facts(world: World) -> FactsOf:
    return flow(_dated(world))


KPI = Kpi(
    "customer_acquisition_rate",
    ("leads", "activities", "deals"),
    (Measure("acquisition_rate", _DIMENSIONS, ratio("won", "contacted")),),
    _facts,
    cohort=True,
)
