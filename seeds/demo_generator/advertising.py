"""What winning customers costs: weekly advertising on three platforms, and the monthly costs beside it."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal

from .dates import HISTORY_START, MONTHS_PER_YEAR, PERIOD_END, PERIOD_START, months_between
from .draws import Draws
from .money import BASE_CURRENCY, Rates, rate_on
from .orders import CENT
from .tables import Row
from .visits import CAMPAIGNS, DISPLAY, PAID_SEARCH, PAID_SOCIAL, Visit

PLATFORMS = {PAID_SEARCH: "Google", PAID_SOCIAL: "Facebook", DISPLAY: "AdRoll"}
CURRENCIES = {PAID_SOCIAL: "EUR"}
# Of a click: the price in US dollars, and how often an advertisement that is shown is clicked.
PRICE_PER_CLICK = {
    "uv-search": 9.40,
    "filtration-search": 7.60,
    "service-search": 6.20,
    "fb-legionella": 4.90,
    "fb-spare-parts": 4.20,
    "retargeting": 1.15,
}
CLICK_THROUGH = {PAID_SEARCH: 0.034, PAID_SOCIAL: 0.011, DISPLAY: 0.0028}
PRICE_SPREAD = 0.16
CLICKS_PER_SESSION = (1.0, 1.3)
"""Not every click arrives as a session."""
STRAY_CLICKS = (0, 1)
WEEK = timedelta(days=7)

# What is spent in a month beside the media, by channel and kind: US dollars, and the months (None is every one).
MONTHLY_COSTS: tuple[tuple[str, str, int, tuple[int, ...] | None], ...] = (
    ("outbound", "sales", 36500, None),
    ("partner", "sales", 8200, None),
    ("referral", "marketing", 1400, None),
    ("organic", "marketing", 4900, None),
    ("paid_search", "marketing", 1600, None),
    ("event", "marketing", 21500, (4, 10)),
    ("event", "sales", 4200, (4, 10)),
)
# Of the year before the period the platforms' own reports are gone; the books have what they charged.
EARLIER_MEDIA: tuple[tuple[str, str, int, tuple[int, ...] | None], ...] = (
    ("paid_search", "marketing", 480, None),
    ("paid_social", "marketing", 220, None),
    ("display", "marketing", 30, None),
)
COST_SPREAD = 0.12
COST_GROWTH_PER_MONTH = 0.006
BOOKED_ON_DAY = 28
EVENT = "event"
OCTOBER = 10
AUTUMN_FAIR_CURRENCY = "EUR"


def ad_spend_rows(visits: list[Visit], rates: Rates) -> list[Row]:
    """Return the table ``ad_spend``: a row per week and campaign."""
    draws = Draws("ad_spend")
    sessions = Counter((visit.campaign, week_of(visit.started_at)) for visit in visits)
    rows: list[Row] = []
    week = week_of(datetime.combine(PERIOD_START, datetime.min.time()))
    while week <= PERIOD_END:
        for channel, campaigns in CAMPAIGNS.items():
            for campaign in campaigns:
                clicks = int(sessions[campaign, week] * draws.between(*CLICKS_PER_SESSION)) + draws.whole(*STRAY_CLICKS)
                price = PRICE_PER_CLICK[campaign] * draws.log_normal(PRICE_SPREAD)
                shown = int(clicks / (CLICK_THROUGH[channel] * draws.log_normal(PRICE_SPREAD)))
                currency = CURRENCIES.get(channel, BASE_CURRENCY)
                rows.append(
                    {
                        "spend_id": f"W{len(rows) + 1:04d}",
                        "spent_on": week,
                        "platform": PLATFORMS[channel],
                        "channel": channel,
                        "campaign": campaign,
                        "impressions": shown,
                        "clicks": clicks,
                        "cost": money(clicks * price, currency, week, rates),
                        "currency": currency,
                    }
                )
        week += WEEK
    return rows


def week_of(when: datetime) -> date:
    """Return the Monday of the week."""
    return when.date() - timedelta(days=when.weekday())


def money(usd: float, currency: str, day: date, rates: Rates) -> Decimal:
    """Return US dollars in another currency."""
    return (Decimal(str(round(usd, 2))) / rate_on(rates, currency, day)).quantize(CENT)


def acquisition_cost_rows(rates: Rates) -> list[Row]:
    """Return the table ``acquisition_costs``: salaries, commissions, content, fairs; of the media only the earlier."""
    draws = Draws("acquisition_costs")
    rows: list[Row] = []
    for number, month in enumerate(months_between(HISTORY_START, PERIOD_END), start=-MONTHS_PER_YEAR):
        costs = MONTHLY_COSTS if month >= PERIOD_START else MONTHLY_COSTS + EARLIER_MEDIA
        for channel, kind, usd, only_in in costs:
            cost = usd * (1.0 + COST_GROWTH_PER_MONTH * number) * draws.log_normal(COST_SPREAD)
            if only_in and month.month not in only_in:
                continue
            is_abroad = channel == EVENT and month.month == OCTOBER
            currency = AUTUMN_FAIR_CURRENCY if is_abroad else BASE_CURRENCY
            rows.append(
                {
                    "cost_id": f"K-{len(rows) + 1:03d}",
                    "incurred_on": month.replace(day=BOOKED_ON_DAY),
                    "channel": channel,
                    "kind": kind,
                    "amount": money(cost, currency, month, rates),
                    "currency": currency,
                }
            )
    return rows
