"""The market around the company: competitors' prices, and what people say about the brand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .catalog import DISINFECTION, FILTRATION, PRODUCTS
from .dates import PERIOD_END, PERIOD_START, any_hour, months_between
from .draws import Draws
from .tables import Row

CENT = Decimal("0.01")

OBSERVED_EVERY_DAYS = (50, 75)
OFFERED_CHANCE = 0.75
PRICE_NOISE = 0.025
PRICE_STEP = 50


@dataclass(frozen=True)
class Competitor:
    """A competitor: its price level relative to ours at the start, and its drift in a year."""

    name: str
    level: float
    yearly_drift: float


COMPETITORS: tuple[Competitor, ...] = (
    Competitor("AquaForge", 1.07, 0.015),
    Competitor("Hydronex", 0.97, -0.02),
    Competitor("TrueStream", 0.91, -0.045),
)
DAYS_PER_YEAR = 365.0

MENTIONS_PER_MONTH = 26.0
MENTIONS_GROWTH_PER_MONTH = 0.35
# Platform: weight, and how many people one mention reaches on average.
PLATFORMS: tuple[tuple[str, float, int], ...] = (
    ("LinkedIn", 0.34, 2600),
    ("X", 0.18, 1500),
    ("Reddit", 0.13, 900),
    ("YouTube", 0.09, 3800),
    ("Google Reviews", 0.17, 240),
    ("Trade press", 0.09, 9500),
)
REACH_SIGMA = 0.9
POSITIVE, NEUTRAL, NEGATIVE = "positive", "neutral", "negative"
MOOD: tuple[tuple[str, float], ...] = ((POSITIVE, 0.42), (NEUTRAL, 0.40), (NEGATIVE, 0.18))
LAMP_TROUBLE = (date(2025, 11, 1), date(2026, 1, 1))
LAMP_TROUBLE_MOOD: tuple[tuple[str, float], ...] = ((POSITIVE, 0.22), (NEUTRAL, 0.32), (NEGATIVE, 0.46))
"""The first series of a new lamp broke early, and people said so."""
LAMP_TROUBLE_FACTOR, LAUNCH_FACTOR = 1.7, 1.6
LAUNCH_MONTH = date(2025, 6, 1)
LAUNCH_MOOD: tuple[tuple[str, float], ...] = ((POSITIVE, 0.60), (NEUTRAL, 0.32), (NEGATIVE, 0.08))
NOT_JUDGED_CHANCE = 0.02
URL_CHANCE = 0.35
SLUGS = {"LinkedIn": "li", "X": "x", "Reddit": "r", "YouTube": "yt", "Google Reviews": "g", "Trade press": "tp"}


def competitor_price_rows() -> list[Row]:
    """Return the table ``competitor_prices``: what was seen of three competitors' prices, every two months or so."""
    draws = Draws("competitor_prices")
    rows: list[Row] = []
    for product in PRODUCTS:
        if product.line not in (FILTRATION, DISINFECTION):
            continue
        for competitor in COMPETITORS:
            if not draws.chance(OFFERED_CHANCE):
                continue
            day = max(PERIOD_START, product.launched_on) + timedelta(days=draws.whole(0, OBSERVED_EVERY_DAYS[0]))
            own_level = competitor.level * draws.log_normal(PRICE_NOISE * 2)
            while day <= PERIOD_END:
                years = (day - PERIOD_START).days / DAYS_PER_YEAR
                level = (own_level + competitor.yearly_drift * years) * draws.log_normal(PRICE_NOISE)
                price = int(product.list_price * level / PRICE_STEP) * PRICE_STEP
                rows.append(
                    {
                        "product_id": product.product_id,
                        "competitor": competitor.name,
                        "observed_on": day,
                        "price": Decimal(price).quantize(CENT),
                        "currency": product.currency,
                    }
                )
                day += timedelta(days=draws.whole(*OBSERVED_EVERY_DAYS))
    return rows


def brand_mention_rows() -> list[Row]:
    """Return the table ``brand_mentions``."""
    draws = Draws("brand_mentions")
    found: list[Row] = []
    reaches = {platform: reach for platform, _, reach in PLATFORMS}
    for number, month in enumerate(months_between(PERIOD_START, PERIOD_END)):
        factor, mood = 1.0, MOOD
        if LAMP_TROUBLE[0] <= month < LAMP_TROUBLE[1]:
            factor, mood = LAMP_TROUBLE_FACTOR, LAMP_TROUBLE_MOOD
        elif month == LAUNCH_MONTH:
            factor, mood = LAUNCH_FACTOR, LAUNCH_MOOD
        count = (MENTIONS_PER_MONTH + MENTIONS_GROWTH_PER_MONTH * number) * factor * draws.between(0.8, 1.2)
        for _ in range(int(count)):
            platform = draws.weighted([(name, weight) for name, weight, _ in PLATFORMS])
            day = month + timedelta(days=draws.whole(0, 27))
            sentiment = draws.weighted(mood)
            found.append(
                {
                    "mentioned_at": any_hour(draws, day),
                    "platform": platform,
                    "sentiment": None if draws.chance(NOT_JUDGED_CHANCE) else sentiment,
                    "reach": int(reaches[platform] * draws.log_normal(REACH_SIGMA)),
                    "url": f"https://{SLUGS[platform]}.example/{draws.whole(1000, 99999)}"
                    if draws.chance(URL_CHANCE)
                    else None,
                }
            )
    found.sort(key=lambda row: str(row["mentioned_at"]))
    return [{"mention_id": f"B-{number:03d}", **row} for number, row in enumerate(found, start=1)]
