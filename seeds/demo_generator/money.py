"""Currencies: exchange rates into US dollars, monthly from the year before the period on and yearly before that."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from .dates import HISTORY_START, PERIOD_END, months_between
from .draws import Draws
from .tables import Row

BASE_CURRENCY = "USD"
RATE_PLACES = Decimal("0.0001")
MONTHLY_SWING = 0.011
FLOAT_DIGITS = 6
PULL_TO_NORMAL = 0.15
# currency, first rate, the rate around which it wanders
_WANDERS: tuple[tuple[str, float, float], ...] = (("EUR", 1.09, 1.12), ("GBP", 1.27, 1.30))
# Before that a year has one rate: that of its first of January. The oldest customers were won then.
_EARLIER_RATES: dict[str, tuple[str, ...]] = {
    "EUR": ("1.1400", "1.1200", "1.2200", "1.1300", "1.0700"),
    "GBP": ("1.2800", "1.3200", "1.3700", "1.3500", "1.2100"),
}
_FIRST_EARLIER_YEAR = 2019

Rates = dict[tuple[str, date], Decimal]


def build_rates() -> Rates:
    """Return the rate of each foreign currency by the first day on which it is valid.

    The monthly ones begin with the year before the period, of which all closed deals are known.
    """
    draws = Draws("exchange_rates")
    rates: Rates = {}
    for currency, earlier in _EARLIER_RATES.items():
        for number, yearly_rate in enumerate(earlier):
            rates[currency, date(_FIRST_EARLIER_YEAR + number, 1, 1)] = Decimal(yearly_rate)
    for currency, first_rate, normal in _WANDERS:
        rate = first_rate
        for month in months_between(HISTORY_START, PERIOD_END):
            rates[currency, month] = Decimal(str(round(rate, FLOAT_DIGITS))).quantize(RATE_PLACES)
            rate += PULL_TO_NORMAL * (normal - rate) + rate * MONTHLY_SWING * draws.normal()
    return rates


def rate_on(rates: Rates, currency: str, day: date) -> Decimal:
    """Return what one unit of ``currency`` is worth in US dollars on ``day``, at HISTORY_START or after."""
    if currency == BASE_CURRENCY:
        return Decimal(1)
    return rates[currency, day.replace(day=1)]


def rate_rows(rates: Rates) -> list[Row]:
    """Return the table ``exchange_rates``."""
    return [{"currency": currency, "valid_from": month, "rate": rate} for (currency, month), rate in rates.items()]
