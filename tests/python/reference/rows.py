"""The rows that several KPIs share: closed deals by closing date, open deals at a period's end."""

from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction

from .deals import Life, Standing
from .periods import Period, boundary, containing
from .sources import Quota
from .table import ONE, Fact, FactsOf, Inputs, flow, given
from .world import World

CLOSED_DEAL_DIMENSIONS = (
    "rep",
    "team",
    "region",
    "channel",
    "campaign",
    "product",
    "segment",
    "pipeline",
)

InputsOf = Callable[[Life, datetime], Inputs]


def closed_deals(world: World, inputs: InputsOf, outcomes: tuple[str, ...] = ("won",)) -> list[tuple[date, Fact]]:
    """Closed deals, dated by closed_at; with the inputs that a KPI takes from them."""
    return [
        (world.clock.day(at), Fact(world.labels.standing(life, life.lost_from()), inputs(life, at)))
        for life, at in world.closed(*outcomes)
    ]


def won_deals(world: World) -> FactsOf:
    """Won deals with inputs `won`, and `amount` where there is one."""

    def inputs(life: Life, _: datetime) -> Inputs:
        return given(won=ONE, amount=world.money.amount(life))

    return flow(closed_deals(world, inputs))


def open_deals(world: World, inputs: Callable[[Life, Standing], Inputs]) -> FactsOf:
    """Deals open at the period's end, at as_of in a running one (kpis.md, Basis: as-of)."""

    def facts(period: Period) -> list[Fact]:
        return [
            Fact(world.labels.standing(life, standing.stage), inputs(life, standing))
            for life, standing in world.open_at(boundary(period, world.clock))
        ]

    return facts


def revenue_quotas(world: World, period: Period) -> list[tuple[Quota, Fraction]]:
    """The period's revenue quotas, month by month, in the reporting currency.

    A quota is spread over the days of its month (kpis.md, Rulings, 1, 23, 26); of a month that the
    period cuts, the days in it count.
    """
    return [
        (quota, world.money.target(quota) * share)
        for quota in world.sources.quotas
        if quota.kind == "revenue" and (share := _share_of_month(period, quota.month, world)) > 0
    ]


def quota_labels(world: World, quota: Quota) -> dict[str, str]:
    """A team's quota counts for the team and the total, and for no rep."""
    return {"team": quota.team} if quota.team is not None else world.labels.rep(quota.rep_id)


def quota_shares(world: World, period: Period) -> list[tuple[Quota, Fraction]]:
    """What falls into the period of the lead quotas: for each local day the month's target / its days."""
    shares = []
    for quota in world.sources.quotas:
        share = _share_of_month(period, quota.month, world)
        if quota.kind == "leads" and share > 0:
            shares.append((quota, Fraction(quota.target) * share))
    return shares


def _share_of_month(period: Period, month: date, world: World) -> Fraction:
    """The share of a month's days that lie in a period."""
    whole = containing("month", month, world.settings)
    days = (min(period.end, whole.end) - max(period.start, whole.start)).days
    return Fraction(max(days, 0), (whole.end - whole.start).days)
