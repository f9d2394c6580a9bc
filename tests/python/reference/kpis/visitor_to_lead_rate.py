"""11 visitor_to_lead_rate: of the visitors of a period, those who became a lead in it (kpis.md, 11)."""

from collections import defaultdict

from ..labels import NONE
from ..periods import Period
from ..sources import Lead, Session
from ..table import ONE, Fact, FactsOf, Kpi, Measure, distinct, distinct_share
from ..world import World

_DIMENSIONS = ("channel", "campaign", "landing_page")


def _labels(session: Session) -> dict[str, str]:
    return {
        "channel": session.channel or NONE,
        "campaign": session.campaign or NONE,
        "landing_page": session.landing_page or NONE,
    }


def _facts(world: World) -> FactsOf:
    """The sessions of a period, and the leads that their visitors became in it.

    A lead counts in the slices that its visitor visited before; in the total at whatever time of the period the visit
    was: a fact without labels is in the total alone.
    """
    leads: dict[str, list[Lead]] = defaultdict(list)
    for lead in world.visible.leads:
        if lead.visitor_id is not None:
            leads[lead.visitor_id].append(lead)

    def facts(period: Period) -> list[Fact]:
        rows = []
        for session in world.visible.sessions:
            if not period.holds(world.clock.day(session.started_at)):
                continue
            labels, visitor = _labels(session), session.visitor_id
            rows.append(Fact(labels, {"visit": ONE}, visitor))
            for lead in leads[visitor]:
                if period.holds(world.clock.day(lead.created_at)):
                    credited = labels if session.started_at < lead.created_at else {}
                    rows.append(Fact(credited, {"became_lead": ONE}, visitor))
                    rows.append(Fact(credited, {"lead": ONE}, lead.lead_id))
        return rows

    return facts


KPI = Kpi(
    "visitor_to_lead_rate",
    ("sessions",),
    (
        Measure("visitor_to_lead_rate", _DIMENSIONS, distinct_share("became_lead", "visit"), ("leads",)),
        Measure("visitors", _DIMENSIONS, distinct("visit")),
        Measure("leads", _DIMENSIONS, distinct("lead"), ("leads",)),
    ),
    _facts,
)
