"""The website's sessions: lookers, visitors who become leads, and shoppers, on four channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .dates import MONTHS_PER_YEAR, PERIOD_END, PERIOD_START, any_hour, month_end, months_between
from .deals import CREATION_SEASON
from .draws import Draws
from .leads import Lead
from .orders import Order
from .shop import Purchase
from .tables import Row
from .wording import DISPLAY_CAMPAIGNS, SEARCH_CAMPAIGNS, SOCIAL_CAMPAIGNS

ORGANIC, PAID_SEARCH, PAID_SOCIAL, DISPLAY = "organic", "paid_search", "paid_social", "display"

LOOKERS_PER_MONTH = 146.0
YEARLY_GROWTH = 0.16
RETURNING_CHANCE = 0.22
REMEMBERED = 250
"""How many of the last visitors may come back."""
CHANNELS: tuple[tuple[str, float], ...] = ((ORGANIC, 0.38), (PAID_SEARCH, 0.27), (PAID_SOCIAL, 0.22), (DISPLAY, 0.13))
BUYERS_CHANNELS: dict[bool, tuple[tuple[str, float], ...]] = {
    True: ((ORGANIC, 0.60), (PAID_SEARCH, 0.34), (PAID_SOCIAL, 0.04), (DISPLAY, 0.012)),
    False: ((ORGANIC, 0.37), (PAID_SEARCH, 0.51), (PAID_SOCIAL, 0.11), (DISPLAY, 0.025)),
}
"""By whether the buyer is a customer with an account; large orders come by search alone."""
LARGE_ORDER = 350
SOURCES = {ORGANIC: ("google", "organic"), PAID_SEARCH: ("google", "cpc"), PAID_SOCIAL: ("facebook", "cpc")}
DISPLAY_SOURCE = ("adroll", "display")
DIRECT_CHANCE = 0.3
"""How often an organic session names no search engine: the visitor typed the address."""

SHOP_PAGE = "/shop"
PAGES: dict[str, tuple[tuple[str, float], ...]] = {
    ORGANIC: (
        ("/", 0.30),
        ("/uv", 0.18),
        ("/filtration", 0.18),
        ("/service", 0.10),
        (SHOP_PAGE, 0.12),
        ("/blog", 0.12),
    ),
    "uv-search": (("/uv", 0.7), ("/lp/uv-demo", 0.3)),
    "filtration-search": (("/filtration", 0.75), (SHOP_PAGE, 0.25)),
    "service-search": (("/service", 0.8), ("/", 0.2)),
    "fb-legionella": (("/lp/legionella", 0.85), ("/blog", 0.15)),
    "fb-spare-parts": ((SHOP_PAGE, 1.0),),
    "retargeting": (("/", 0.5), (SHOP_PAGE, 0.5)),
}
CAMPAIGNS = {PAID_SEARCH: SEARCH_CAMPAIGNS, PAID_SOCIAL: SOCIAL_CAMPAIGNS, DISPLAY: DISPLAY_CAMPAIGNS}
EARLIER_VISITS: tuple[tuple[int, float], ...] = ((0, 0.55), (1, 0.30), (2, 0.15))
EARLIER_DAYS = (1, 20)
FORM_MINUTES, CHECKOUT_MINUTES = (3, 20), (5, 25)


@dataclass
class Visit:
    """One session; the ids are given at the end, in the order of time."""

    started_at: datetime
    visitor: str
    channel: str
    campaign: str | None
    landing_page: str
    source: str | None
    medium: str | None
    lead: Lead | None = None
    order: Order | None = None
    session_id: str = ""
    visitor_id: str = ""


def build_visits(leads: list[Lead], purchases: list[Purchase]) -> list[Visit]:
    """Return the sessions in the order of time, and write visitor and session ids into leads and orders."""
    draws = Draws("visits")
    visits = [*visits_of_leads(draws, leads), *visits_of_buyers(draws, purchases), *visits_of_lookers(draws)]
    visits = [visit for visit in visits if visit.started_at.date() >= PERIOD_START]
    visits.sort(key=lambda visit: visit.started_at)
    visitor_ids: dict[str, str] = {}
    for number, visit in enumerate(visits, start=1):
        visit.session_id = f"s{number:04d}"
        visit.visitor_id = visitor_ids.setdefault(visit.visitor, f"v{len(visitor_ids) + 1:04d}")
        if visit.lead:
            visit.lead.visitor_id = visit.visitor_id
        if visit.order:
            visit.order.session_id = visit.session_id
    return visits


def visits_of_leads(draws: Draws, leads: list[Lead]) -> Iterator[Visit]:
    """Yield the sessions of the visitors who became leads: the one with the form, and some before it."""
    for lead in leads:
        if not lead.is_tracked:
            continue
        started_at = lead.created_at - timedelta(minutes=draws.whole(*FORM_MINUTES))
        visit = visit_at(draws, started_at, lead.lead_id, lead.channel, lead.campaign)
        visit.lead = lead
        yield visit
        for _ in range(draws.weighted(EARLIER_VISITS)):
            day = lead.created_at.date() - timedelta(days=draws.whole(*EARLIER_DAYS))
            yield visit_at(draws, any_hour(draws, day), lead.lead_id, draws.weighted(CHANNELS))


def visits_of_buyers(draws: Draws, purchases: list[Purchase]) -> Iterator[Visit]:
    """Yield the sessions in which somebody bought."""
    for purchase in purchases:
        started_at = purchase.order.ordered_at - timedelta(minutes=draws.whole(*CHECKOUT_MINUTES))
        channels = BUYERS_CHANNELS[purchase.is_known]
        if purchase.order.value >= LARGE_ORDER:
            channels = channels[:2]
        visit = visit_at(draws, started_at, purchase.visitor, draws.weighted(channels))
        visit.order = purchase.order
        yield visit


def visits_of_lookers(draws: Draws) -> Iterator[Visit]:
    """Yield the other sessions; some visitors come back."""
    recent: list[str] = []
    seen = 0
    owed = 0.0
    for number, month in enumerate(months_between(PERIOD_START, PERIOD_END)):
        growth = 1.0 + YEARLY_GROWTH * number / MONTHS_PER_YEAR
        owed += LOOKERS_PER_MONTH * growth * CREATION_SEASON[month.month - 1]
        for day in days_of_month(draws, month, int(owed)):
            if recent and draws.chance(RETURNING_CHANCE):
                visitor = draws.pick(recent)
            else:
                seen += 1
                visitor = f"looker-{seen}"
                recent = [*recent[1 - REMEMBERED :], visitor]
            yield visit_at(draws, any_hour(draws, day), visitor, draws.weighted(CHANNELS))
        owed -= int(owed)


def days_of_month(draws: Draws, month: date, count: int) -> list[date]:
    """Return so many days of a month, in their order."""
    return sorted(month + timedelta(days=draws.whole(0, month_end(month).day - 1)) for _ in range(count))


def visit_at(draws: Draws, started_at: datetime, visitor: str, channel: str, campaign: str | None = None) -> Visit:
    """Return a session on a channel; a paid one belongs to a campaign."""
    if campaign is None and channel != ORGANIC:
        campaign = draws.pick(CAMPAIGNS[channel])
    source: str | None
    medium: str | None
    source, medium = SOURCES.get(channel, DISPLAY_SOURCE)
    if channel == ORGANIC and draws.chance(DIRECT_CHANCE):
        source = medium = None
    page = draws.weighted(PAGES[campaign or ORGANIC])
    return Visit(started_at, visitor, channel, campaign, page, source, medium)


def session_rows(visits: list[Visit]) -> list[Row]:
    """Return the table ``sessions``."""
    return [
        {
            "session_id": visit.session_id,
            "visitor_id": visit.visitor_id,
            "started_at": visit.started_at,
            "channel": visit.channel,
            "source": visit.source,
            "medium": visit.medium,
            "campaign": visit.campaign,
            "landing_page": visit.landing_page,
        }
        for visit in visits
    ]
