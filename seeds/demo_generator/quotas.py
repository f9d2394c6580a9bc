"""Monthly revenue quotas, set backwards so that they were about right.

A rep's plan for a year is what he or she then sold, times an ambition that makes most plans
attainable and some not. The year's plan is spread over the months by weights near the usual
season; of the weights that are possible in a quarter, those are taken whose months and quarter
have about the wanted share of reps at quota.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .catalog import WON
from .dates import MONTHS_PER_YEAR, PERIOD_END, PERIOD_START, add_months, month_end, months_between
from .deals import Deal
from .draws import Draws
from .money import BASE_CURRENCY, Rates, rate_on
from .people import NEWEST_TEAM, Rep
from .tables import Row

QUOTA_STEP = 500
LOWEST_QUOTA = 4000
MONTHS_PER_QUARTER = 3

MONTH_WANTED, MONTH_LOW, MONTH_HIGH = 0.55, 0.45, 0.65
QUARTER_WANTED, QUARTER_LOW, QUARTER_HIGH = 0.65, 0.55, 0.75
OUT_OF_BAND_COST = 10.0
SEASON_COST = 0.6

# The plan's season: a month's usual share, 1 being the average month.
PLAN_SEASON: tuple[float, ...] = (
    0.86,
    0.96,
    1.12,
    0.90,
    0.98,
    1.10,
    0.92,
    0.78,
    1.14,
    0.94,
    0.98,
    1.32,
)
LEAST_FACTOR, FACTOR_STEP, FACTOR_STEPS = 0.45, 0.05, 20
WEIGHT_FACTORS: tuple[float, ...] = tuple(LEAST_FACTOR + FACTOR_STEP * step for step in range(FACTOR_STEPS))

EASY_PLAN = (0.80, 0.97)
HARD_PLAN = (1.15, 1.35)
HARD_PLAN_EVERY = 3
"""Every third plan asks for more than the rep will sell."""
RAMP: tuple[float, ...] = (0.30, 0.50, 0.75)
"""What a new hire is asked for in the first months, relative to the plan."""

OPEN_SEAT_MONTHS = 6
OPEN_SEAT_TARGET = 6000

Sold = dict[tuple[str, date], Decimal]


@dataclass(frozen=True)
class Quota:
    """One monthly quota, of a rep or (for a seat that is still open) of a team."""

    rep_id: str | None
    team: str | None
    month: date
    target: int
    currency: str


def build_quotas(reps: list[Rep], deals: list[Deal], rates: Rates) -> list[Quota]:
    """Return every rep's quotas while employed, and the newest team's open seat."""
    sold = sold_by_month(deals, rates)
    plans = yearly_plans(reps, sold)
    quotas: list[Quota] = []
    months = list(months_between(PERIOD_START, PERIOD_END))
    for start in range(0, len(months), MONTHS_PER_QUARTER):
        quarter = months[start : start + MONTHS_PER_QUARTER]
        for month, weight in zip(quarter, fit_quarter(reps, quarter, plans, sold), strict=True):
            for rep in reps:
                target = usd_target(rep, month, plans, weight)
                if target:
                    quotas.append(in_own_currency(rep, month, target, rates))
    return quotas + open_seat()


def sold_by_month(deals: list[Deal], rates: Rates) -> Sold:
    """Return the revenue of every rep and month in the base currency."""
    sold: Sold = {}
    for deal in deals:
        if deal.outcome == WON and deal.closed_at and deal.amount is not None:
            day = deal.closed_at.date()
            if day < PERIOD_START:
                continue
            key = deal.rep_id, day.replace(day=1)
            value = deal.amount * rate_on(rates, deal.account.currency, day)
            sold[key] = sold.get(key, Decimal(0)) + value
    return sold


def yearly_plans(reps: list[Rep], sold: Sold) -> dict[tuple[str, int], float]:
    """Return the average monthly plan of every rep and calendar year."""
    draws = Draws("quotas")
    plans: dict[tuple[str, int], float] = {}
    for year in range(PERIOD_START.year, PERIOD_END.year + 1):
        for index, rep in enumerate(reps):
            months = [m for m in employed_months(rep) if m.year == year]
            if not months:
                continue
            total = Decimal(0)
            for month in months:
                total += sold.get((rep.rep_id, month), Decimal(0))
            is_hard = (index + year) % HARD_PLAN_EVERY == 0
            ambition = draws.between(*(HARD_PLAN if is_hard else EASY_PLAN))
            plans[rep.rep_id, year] = float(total) / len(months) * ambition
    return plans


def employed_months(rep: Rep) -> list[date]:
    """Return the months in which the rep carries a quota: those with a day of employment."""
    return [
        month
        for month in months_between(PERIOD_START, PERIOD_END)
        if rep.hired_on <= month_end(month) and (rep.left_on is None or month <= rep.left_on)
    ]


def usd_target(rep: Rep, month: date, plans: dict[tuple[str, int], float], weight: float) -> int | None:
    """Return a rep's quota in US dollars; None when not employed."""
    if month not in employed_months(rep):
        return None
    tenure = (month.year - rep.hired_on.year) * MONTHS_PER_YEAR + month.month - rep.hired_on.month
    ramp = RAMP[tenure] if tenure < len(RAMP) else 1.0
    target = plans[rep.rep_id, month.year] * weight * ramp
    return max(LOWEST_QUOTA, int(target / QUOTA_STEP + 0.5) * QUOTA_STEP)


def in_own_currency(rep: Rep, month: date, usd: int, rates: Rates) -> Quota:
    """Return the quota in the rep's currency, never above its worth in US dollars."""
    target = usd
    if rep.quota_currency != BASE_CURRENCY:
        rate = rate_on(rates, rep.quota_currency, month)
        target = int(usd / rate / QUOTA_STEP) * QUOTA_STEP
    return Quota(rep.rep_id, None, month, target, rep.quota_currency)


def fit_quarter(
    reps: list[Rep], quarter: list[date], plans: dict[tuple[str, int], float], sold: Sold
) -> tuple[float, ...]:
    """Return the three months' weights that cost least."""
    options: list[list[tuple[float, float, list[int]]]] = []
    actual = [[int(sold.get((rep.rep_id, month), Decimal(0))) for rep in reps] for month in quarter]
    for month, sales in zip(quarter, actual, strict=True):
        choices = []
        for factor in WEIGHT_FACTORS:
            weight = PLAN_SEASON[month.month - 1] * factor
            targets = [usd_target(rep, month, plans, weight) or 0 for rep in reps]
            share = share_at_quota(sales, targets)
            cost = band_cost(share, MONTH_LOW, MONTH_WANTED, MONTH_HIGH)
            choices.append((weight, cost + SEASON_COST * (factor - 1.0) ** 2, targets))
        options.append(choices)
    sales = [first + second + third for first, second, third in zip(*actual, strict=True)]
    best_cost: float | None = None
    best_weights: tuple[float, ...] = ()
    for weights, months_cost, targets in combinations(options):
        share = share_at_quota(sales, targets)
        cost = months_cost + band_cost(share, QUARTER_LOW, QUARTER_WANTED, QUARTER_HIGH)
        if best_cost is None or cost < best_cost:
            best_cost, best_weights = cost, weights
    return best_weights


def combinations(
    options: list[list[tuple[float, float, list[int]]]],
) -> Iterator[tuple[tuple[float, ...], float, list[int]]]:
    """Yield every combination of three months' weights with its cost and summed targets."""
    for weight1, cost1, targets1 in options[0]:
        for weight2, cost2, targets2 in options[1]:
            both = [a + b for a, b in zip(targets1, targets2, strict=True)]
            for weight3, cost3, targets3 in options[2]:
                targets = [a + b for a, b in zip(both, targets3, strict=True)]
                yield (weight1, weight2, weight3), cost1 + cost2 + cost3, targets


def share_at_quota(sales: list[int], targets: list[int]) -> float:
    """Return the share of reps with a quota who sold at least as much."""
    with_quota = [(s, t) for s, t in zip(sales, targets, strict=True) if t > 0]
    return len([1 for s, t in with_quota if s >= t]) / len(with_quota)


def band_cost(share: float, low: float, wanted: float, high: float) -> float:
    """Return how far a share is from the wanted one; dear outside its band."""
    outside = max(low - share, share - high, 0.0)
    return (share - wanted) ** 2 + OUT_OF_BAND_COST * outside


def open_seat() -> list[Quota]:
    """Return the newest team's quota for a seat that nobody fills yet.

    It is added to the quotas of the team's members, and repeats none of them.
    """
    first = add_months(PERIOD_END, 1 - OPEN_SEAT_MONTHS)
    return [
        Quota(None, NEWEST_TEAM, month, OPEN_SEAT_TARGET, BASE_CURRENCY) for month in months_between(first, PERIOD_END)
    ]


def quota_rows(quotas: list[Quota]) -> list[Row]:
    """Return the table ``quotas``."""
    return [
        {
            "rep_id": quota.rep_id,
            "team": quota.team,
            "month": f"{quota.month:%Y-%m}",
            "kind": "revenue",
            "target": Decimal(quota.target).quantize(Decimal("0.01")),
            "currency": quota.currency,
        }
        for quota in quotas
    ]
