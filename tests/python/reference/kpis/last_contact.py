"""7 last_contact: days since the last contact with open deals and live leads (kpis.md, 7)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from ..contacts import contacts_with_deal, contacts_with_lead
from ..labels import NONE
from ..periods import Period, boundary
from ..sources import Activity, Lead
from ..table import ONE, Fact, FactsOf, Kpi, Measure, given, mean, quantile, ratio, when
from ..world import World

_DIMENSIONS = ("rep", "team", "stage", "subject")


def _live_leads(world: World, instant: datetime) -> list[Lead]:
    """Leads that are there at an instant, neither disqualified nor with a deal."""
    with_deal = {life.deal.lead_id for life in world.lives if life.deal.created_at < instant}
    return [
        lead
        for lead in world.visible.leads
        if lead.created_at < instant
        and not (lead.disqualified_at is not None and lead.disqualified_at < instant)
        and lead.lead_id not in with_deal
    ]


def _facts(world: World) -> FactsOf:
    with_deal, with_lead = contacts_with_deal(world), contacts_with_lead(world)

    def fact(labels: Mapping[str, str], created_at: datetime, contacts: Sequence[Activity], instant: datetime) -> Fact:
        """Since the last contact before an instant; since the creation where there is none."""
        last = max((each.occurred_at for each in contacts if each.occurred_at < instant), default=created_at)
        days = world.clock.days_between(last, instant)
        stale = when(days > world.settings.stale_after_days)
        return Fact(labels, given(days=Fraction(days), stale=stale, each=ONE))

    def facts(period: Period) -> list[Fact]:
        instant = boundary(period, world.clock)
        rows = []
        for life, standing in world.open_at(instant):
            labels = {**world.labels.standing(life, standing.stage), "subject": "deal"}
            rows.append(fact(labels, life.deal.created_at, with_deal.get(life.deal.deal_id, []), instant))
        for lead in _live_leads(world, instant):
            labels = {**world.labels.lead(lead), "stage": NONE, "subject": "lead"}
            rows.append(fact(labels, lead.created_at, with_lead.get(lead.lead_id, []), instant))
        return rows

    return facts


KPI = Kpi(
    "last_contact",
    ("deals", "leads", "activities"),
    (
        Measure("mean_days", _DIMENSIONS, mean("days")),
        Measure("median_days", _DIMENSIONS, quantile("days")),
        Measure("stale_share", _DIMENSIONS, ratio("stale", "each")),
    ),
    _facts,
)
