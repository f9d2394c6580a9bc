"""The leads: where they come from, how soon somebody answers, and which of them become deals.

Leads are recorded from the first day of the demo's period on. Those of the deals are made first,
backwards from the deal; then come the many that lead to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from .accounts import Account
from .catalog import FILTER_PLAN
from .dates import (
    AS_OF,
    MONTHS_PER_YEAR,
    PERIOD_START,
    add_months,
    any_hour,
    at_work,
    business_time,
    month_end,
    months_between,
    working_day,
)
from .deals import CREATION_SEASON, Deal
from .draws import Draws
from .people import EVENT_MARKETER, WEB_MARKETER, Rep
from .tables import Row
from .wording import MONTHS_PER_QUARTER, campaign_for

MARKETING_ORIGIN, SALES_ORIGIN, PARTNER_ORIGIN = "marketing", "sales", "partner"
WEB_CHANNELS = ("organic", "paid_search", "paid_social", "display")

SAME_LEAD_CHANCE = 0.22
"""How often an account's next new deal comes from the lead that it already had."""
LAG_DAYS = {"outbound": 14.0, "event": 16.0, "partner": 9.0, "referral": 8.0, "organic": 8.0, "paid_search": 9.0}
LAG_SIGMA = 0.7
LONGEST_LAG_DAYS = 70
OTHER_TOUCH_CHANCE = {"organic": 0.15, "paid_search": 0.20}
"""How often the CRM credits a deal to search although the lead came by an advertisement."""
SOCIAL_SHARE = 0.75
NEVER_MARKED_QUALIFIED_CHANCE = 0.03

LEADS_PER_MONTH = 52.0
YEARLY_GROWTH = 0.14
CHANNEL_WEIGHTS: tuple[tuple[str, float], ...] = (
    ("organic", 0.21),
    ("paid_search", 0.18),
    ("paid_social", 0.17),
    ("display", 0.06),
    ("outbound", 0.20),
    ("partner", 0.10),
    ("referral", 0.06),
    ("event", 0.02),
)
FAIRS: tuple[tuple[int, int, int], ...] = ((4, 14, 16), (10, 6, 8))
"""Month, first and last day of the two fairs of a year, which bring their leads all at once."""
FAIR_SHARE = 0.32

MEAN_ANSWER_HOURS = 5.0
ANSWER_SIGMA = 1.15
SLOWNESS = {"paid_social": 1.6, "display": 1.9, "partner": 0.8, "referral": 0.6, "event": 1.5}
LONG_TAIL_CHANCE = 0.09
LONG_TAIL_DAYS = (1.5, 9.0)
OUTBOUND_LOG_MINUTES = (-15, 40)
"""A rep writes an outbound lead down around the time of the first call."""
UNANSWERED_CHANCE = {
    "organic": 0.06,
    "paid_search": 0.07,
    "paid_social": 0.16,
    "display": 0.20,
    "partner": 0.04,
    "referral": 0.03,
    "event": 0.10,
}
NO_OWNER_CHANCE = 0.25
"""How often an unanswered lead is nobody's."""

QUALIFIED_CHANCE = {
    "organic": 0.22,
    "paid_search": 0.18,
    "paid_social": 0.09,
    "display": 0.06,
    "outbound": 0.19,
    "partner": 0.26,
    "referral": 0.32,
    "event": 0.18,
}
FAST_HOURS, FAST_FIT, SLOW_FIT = 2.0, 1.35, 0.75
"""Who answers within two hours qualifies more of the leads."""
QUALIFY_DAYS = (0.5, 16.0)
DISQUALIFIED_CHANCE = 0.96
FORGOTTEN_DISQUALIFIED_CHANCE = 0.70
DISQUALIFY_MEAN_DAYS, DISQUALIFY_SIGMA = 16.0, 0.8
LATE_DISQUALIFIED_CHANCE = 0.90
LATE_DISQUALIFY_MEAN_DAYS = 55.0
SWEPT_AFTER_DAYS = 60
SWEPT_ON_DAY = 10
"""On a day early in each quarter marketing disqualifies the leads that were left to lie for so long."""

KNOWN_ACCOUNT_CHANCE = 0.08
WEEKDAY_CHANCE = 0.65
"""How often a web lead that would come at the weekend comes on a weekday after all."""
TRACKED_CHANCE = 0.32
"""How often a web lead's visitor is known: the others declined cookies, or called."""
PROVIDED_UNKNOWN_CHANCE = 0.02
BOUGHT_LIST_CHANCE = 0.25
MARKETING_BRINGS_TO_FAIR = 0.7
PARTNER_REFERRAL_CHANCE = 0.25

SCORED_CHANCE = {MARKETING_ORIGIN: 0.94, PARTNER_ORIGIN: 0.80, SALES_ORIGIN: 0.20}
SCORE_OF_DEAL, SCORE_OF_QUALIFIED, SCORE_OF_OTHERS = 67, 57, 36
SCORE_SPREAD = 14
HIGHEST_SCORE = 100
MARKETING_QUALIFIED_SCORE = 45
MARKETING_QUALIFIED_HOURS = (0.0, 60.0)
SKILL_RANGE = 2.1
"""A rep's slowness is this less the skill: the better ones answer sooner."""


@dataclass
class Lead:
    """One lead; ``lead_id`` is given at the end, in the order of creation, ``visitor_id`` by the web."""

    created_at: datetime
    channel: str
    campaign: str | None
    origin: str
    is_provided: bool | None
    rep_id: str | None
    generated_by: str
    contacted_at: datetime | None
    is_tracked: bool
    account_id: str | None = None
    score: int | None = None
    mql_at: datetime | None = None
    qualified_at: datetime | None = None
    disqualified_at: datetime | None = None
    deals: list[Deal] = field(default_factory=list)
    visitor_id: str | None = None
    lead_id: str = ""

    @property
    def became_deal_at(self) -> datetime | None:
        """Return when its first deal was created."""
        return self.deals[0].created_at if self.deals else None


def build_leads(reps: list[Rep], accounts: list[Account], deals: list[Deal]) -> list[Lead]:
    """Return the leads in the order of creation, and write their ids into the deals."""
    by_id = {rep.rep_id: rep for rep in reps}
    leads = [*leads_of_deals(by_id, deals), *other_leads(reps, accounts)]
    leads.sort(key=lambda lead: lead.created_at)
    for number, lead in enumerate(leads, start=1):
        lead.lead_id = f"L-{number:04d}"
        for deal in lead.deals:
            deal.lead_id = lead.lead_id
    return leads


def leads_of_deals(reps: dict[str, Rep], deals: list[Deal]) -> Iterator[Lead]:
    """Yield the leads from which deals with new customers came."""
    draws = Draws("leads/deals")
    latest: dict[str, Lead] = {}
    for deal in deals:
        if deal.kind != "new" or deal.product == FILTER_PLAN:
            continue  # a plan is offered to those who buy in the shop anyway
        known = latest.get(deal.account.account_id)
        if known is not None and draws.chance(SAME_LEAD_CHANCE):
            known.deals.append(deal)
            continue
        lead = lead_of_deal(draws, reps[deal.rep_id], deal)
        if lead.created_at.date() >= PERIOD_START:
            latest[deal.account.account_id] = lead
            yield lead


def lead_of_deal(draws: Draws, rep: Rep, deal: Deal) -> Lead:
    """Return the lead that came before a deal."""
    channel, campaign = deal.channel, deal.campaign
    lag = int(LAG_DAYS[channel] * draws.log_normal(LAG_SIGMA))
    day = deal.created_at.date() - timedelta(days=max(1, min(LONGEST_LAG_DAYS, lag)))
    if draws.chance(OTHER_TOUCH_CHANCE.get(channel, 0.0)):
        channel = "paid_social" if draws.chance(SOCIAL_SHARE) else "display"
        campaign = campaign_for(draws, channel, day)
    lead = new_lead(draws, day, channel, campaign, rep)
    contacted_at = first_contact(draws, lead.created_at, channel, rep)
    lead.contacted_at = min(contacted_at, deal.created_at - timedelta(minutes=draws.whole(15, 90)))
    lead.account_id = deal.account.account_id
    lead.deals.append(deal)
    if not draws.chance(NEVER_MARKED_QUALIFIED_CHANCE):
        wait = (deal.created_at - lead.contacted_at) * draws.unit()
        lead.qualified_at = min(business_time(draws, minute(lead.contacted_at + wait)), deal.created_at)
    mark(draws, lead, SCORE_OF_DEAL)
    return lead


def other_leads(reps: list[Rep], accounts: list[Account]) -> Iterator[Lead]:
    """Yield the leads that have not become deals."""
    draws = Draws("leads/others")
    owed = 0.0
    last = AS_OF.date() - timedelta(days=1)
    for number, month in enumerate(months_between(PERIOD_START, last)):
        owed += LEADS_PER_MONTH * (1.0 + YEARLY_GROWTH * number / MONTHS_PER_YEAR) * CREATION_SEASON[month.month - 1]
        for _ in range(int(owed)):
            channel = draws.weighted(CHANNEL_WEIGHTS)
            day = month + timedelta(days=draws.whole(0, month_end(month).day - 1))
            for fair_month, first, end in FAIRS:
                if month.month == fair_month and draws.chance(FAIR_SHARE):
                    channel, day = "event", month.replace(day=draws.whole(first, end))
            yield other_lead(draws, reps, accounts, channel, day)
        owed -= int(owed)


def other_lead(draws: Draws, reps: list[Rep], accounts: list[Account], channel: str, day: date) -> Lead:
    """Return a lead that has not become a deal."""
    rep = draws.weighted([(rep, rep.load) for rep in reps if rep.works_on(day)])
    lead = new_lead(draws, day, channel, campaign_for(draws, channel, day), rep)
    if draws.chance(KNOWN_ACCOUNT_CHANCE):
        lead.account_id = draws.pick([item for item in accounts if item.created_at < lead.created_at]).account_id
    if draws.chance(UNANSWERED_CHANCE.get(channel, 0.0)):
        lead.rep_id = None if draws.chance(NO_OWNER_CHANCE) else lead.rep_id
        mark(draws, lead, SCORE_OF_OTHERS)
        drop(draws, lead, FORGOTTEN_DISQUALIFIED_CHANCE, LATE_DISQUALIFY_MEAN_DAYS)
        return lead
    contacted_at = first_contact(draws, lead.created_at, channel, rep)
    lead.contacted_at = contacted_at if contacted_at < AS_OF else None
    is_fast = contacted_at - lead.created_at < timedelta(hours=FAST_HOURS)
    if draws.chance(QUALIFIED_CHANCE[channel] * (FAST_FIT if is_fast else SLOW_FIT)):
        qualified_at = minute(contacted_at + timedelta(days=draws.between(*QUALIFY_DAYS)))
        qualified_at = business_time(draws, qualified_at)
        lead.qualified_at = qualified_at if qualified_at < AS_OF else None
        mark(draws, lead, SCORE_OF_QUALIFIED)
        drop(draws, lead, LATE_DISQUALIFIED_CHANCE, LATE_DISQUALIFY_MEAN_DAYS)
    else:
        mark(draws, lead, SCORE_OF_OTHERS)
        drop(draws, lead, DISQUALIFIED_CHANCE, DISQUALIFY_MEAN_DAYS)
    return lead


def new_lead(draws: Draws, day: date, channel: str, campaign: str | None, rep: Rep) -> Lead:
    """Return a lead as it comes in."""
    is_web = channel in WEB_CHANNELS
    if not is_web or draws.chance(WEEKDAY_CHANCE):
        day = working_day(draws, day)
    created_at = any_hour(draws, day) if is_web else at_work(draws, day)
    origin = origin_of(draws, channel)
    is_provided: bool | None = origin != SALES_ORIGIN or draws.chance(BOUGHT_LIST_CHANCE)
    if draws.chance(PROVIDED_UNKNOWN_CHANCE):
        is_provided = None
    generated_by = rep.rep_id
    if origin == MARKETING_ORIGIN:
        generated_by = EVENT_MARKETER if channel == "event" else WEB_MARKETER
    return Lead(
        created_at=created_at,
        channel=channel,
        campaign=campaign,
        origin=origin,
        is_provided=is_provided,
        rep_id=rep.rep_id,
        generated_by=generated_by,
        contacted_at=None,
        is_tracked=is_web and draws.chance(TRACKED_CHANCE),
    )


def origin_of(draws: Draws, channel: str) -> str:
    """Return which part of the company a lead came from."""
    if channel in WEB_CHANNELS:
        return MARKETING_ORIGIN
    if channel == "event":
        return MARKETING_ORIGIN if draws.chance(MARKETING_BRINGS_TO_FAIR) else SALES_ORIGIN
    if channel == "partner":
        return PARTNER_ORIGIN
    if channel == "referral" and draws.chance(PARTNER_REFERRAL_CHANCE):
        return PARTNER_ORIGIN
    return SALES_ORIGIN


def first_contact(draws: Draws, created_at: datetime, channel: str, rep: Rep) -> datetime:
    """Return when the rep first gets in touch."""
    if channel == "outbound":
        return created_at + timedelta(minutes=draws.whole(*OUTBOUND_LOG_MINUTES))
    if draws.chance(LONG_TAIL_CHANCE):
        wait = timedelta(days=draws.between(*LONG_TAIL_DAYS))
    else:
        slowness = SLOWNESS.get(channel, 1.0) * (SKILL_RANGE - rep.skill)
        wait = timedelta(hours=MEAN_ANSWER_HOURS * slowness * draws.log_normal(ANSWER_SIGMA))
    return business_time(draws, minute(created_at + wait) + timedelta(minutes=1))


def mark(draws: Draws, lead: Lead, middle: int) -> None:
    """Score a lead around ``middle``, and mark it as marketing-qualified where marketing would."""
    if draws.chance(SCORED_CHANCE[lead.origin]):
        score = int(middle + SCORE_SPREAD * draws.normal())
        lead.score = max(1, min(HIGHEST_SCORE, score))
    is_warm = lead.score is not None and lead.score >= MARKETING_QUALIFIED_SCORE
    if lead.origin == SALES_ORIGIN or not is_warm:
        return
    marked_at = minute(lead.created_at + timedelta(hours=draws.between(*MARKETING_QUALIFIED_HOURS)))
    marked_at = min(marked_at, lead.qualified_at or marked_at)
    lead.mql_at = marked_at if marked_at < AS_OF else None


def drop(draws: Draws, lead: Lead, chance: float, mean_days: float) -> None:
    """Disqualify a lead some time after it was qualified or answered; one that is left to lie is swept up later."""
    since = lead.qualified_at or lead.contacted_at or lead.created_at
    if draws.chance(chance):
        when = since + timedelta(days=mean_days * draws.log_normal(DISQUALIFY_SIGMA))
    else:
        when = at_work(draws, sweep_day(since.date() + timedelta(days=SWEPT_AFTER_DAYS)))
    dropped_at = business_time(draws, minute(when))
    lead.disqualified_at = dropped_at if dropped_at < AS_OF else None


def sweep_day(day: date) -> date:
    """Return the first day at or after ``day`` on which marketing sweeps up."""
    swept = add_months(day, -((day.month - 1) % MONTHS_PER_QUARTER)).replace(day=SWEPT_ON_DAY)
    return swept if swept >= day else add_months(swept, MONTHS_PER_QUARTER).replace(day=SWEPT_ON_DAY)


def minute(when: datetime) -> datetime:
    """Return an instant without its seconds."""
    return when.replace(second=0, microsecond=0)


def lead_rows(leads: list[Lead]) -> list[Row]:
    """Return the table ``leads``."""
    return [
        {
            "lead_id": lead.lead_id,
            "created_at": lead.created_at,
            "channel": lead.channel,
            "campaign": lead.campaign,
            "origin": lead.origin,
            "is_provided": lead.is_provided,
            "rep_id": lead.rep_id,
            "generated_by_rep_id": lead.generated_by,
            "visitor_id": lead.visitor_id,
            "account_id": lead.account_id,
            "score": lead.score,
            "mql_at": lead.mql_at,
            "qualified_at": lead.qualified_at,
            "disqualified_at": lead.disqualified_at,
        }
        for lead in leads
    ]
