"""1 leads_generated_pct: leads generated against the lead quota (kpis.md, 1)."""

from ..labels import NONE
from ..periods import Period
from ..rows import quota_labels, quota_shares
from ..table import ONE, Cell, Fact, FactsOf, Kpi, Measure, Result, count, divide, flow, given, share_of_total
from ..world import World

_DIMENSIONS = ("rep", "team")


def _facts(world: World) -> FactsOf:
    """Leads by creation under the rep who generated them, and the lead quotas of the period."""
    generated = flow(
        (
            world.clock.day(lead.created_at),
            Fact({**world.labels.rep(lead.generated_by_rep_id), "channel": lead.channel or NONE}, given(lead=ONE)),
        )
        for lead in world.visible.leads
    )

    def facts(period: Period) -> list[Fact]:
        quotas = [
            Fact(quota_labels(world, quota), given(quota=target, quotas=ONE if period.holds(quota.month) else None))
            for quota, target in quota_shares(world, period)
        ]
        return [*generated(period), *quotas]

    return facts


def _attainment(cell: Cell) -> Result:
    """A quota is one row, on the first day of its month."""
    leads, quota = cell.sum("lead"), cell.sum("quota")
    return Result(divide(leads, quota), cell.rows("lead", "quotas"), leads, quota)


KPI = Kpi(
    "leads_generated_pct",
    ("leads",),
    (
        Measure("quota_attainment", _DIMENSIONS, _attainment, ("quotas",)),
        Measure("leads", _DIMENSIONS, count("lead")),
        Measure("lead_share", (*_DIMENSIONS, "channel"), share_of_total("lead")),
    ),
    _facts,
)
