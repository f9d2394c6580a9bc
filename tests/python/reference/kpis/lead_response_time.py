"""3 lead_response_time: hours from a lead's creation to the first outbound contact (kpis.md, 3)."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction

from ..contacts import contacts_by_lead, outbound
from ..sources import Activity, Lead
from ..table import ONE, Fact, FactsOf, Inputs, Kpi, Measure, count, flow, given, mean, quantile, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "channel")
_HOUR = timedelta(hours=1)


def _inputs(world: World, lead: Lead, contacts: Sequence[Activity]) -> Inputs:
    """An unanswered lead is judged by the SLA once it is as old as that."""
    sla = Fraction(world.settings.response_sla_hours)
    if not contacts:
        judged = world.clock.as_of - lead.created_at >= world.settings.response_sla_hours * _HOUR
        return given(unanswered=ONE, judged=ONE if judged else None, within=when(False) if judged else None)
    waited = max(contacts[0].occurred_at - lead.created_at, timedelta(0))
    hours = Fraction(waited // timedelta(microseconds=1), _HOUR // timedelta(microseconds=1))
    return given(hours=hours, judged=ONE, within=when(hours <= sla))


def _facts(world: World) -> FactsOf:
    contacts = contacts_by_lead(world)
    return flow(
        (
            world.clock.day(lead.created_at),
            Fact(world.labels.lead(lead), _inputs(world, lead, outbound(contacts.get(lead.lead_id, [])))),
        )
        for lead in world.visible.leads
    )


KPI = Kpi(
    "lead_response_time",
    ("leads", "activities"),
    (
        Measure("median_hours", _DIMENSIONS, quantile("hours")),
        Measure("mean_hours", _DIMENSIONS, mean("hours")),
        Measure("p90_hours", _DIMENSIONS, quantile("hours", Fraction(9, 10))),
        Measure("within_sla_share", _DIMENSIONS, ratio("within", "judged")),
        Measure("unanswered", _DIMENSIONS, count("unanswered")),
    ),
    _facts,
    cohort=True,
)
