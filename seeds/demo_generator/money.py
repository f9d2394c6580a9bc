"""Currencies: monthly exchange rates into US dollars."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from .dates import OPENING_BOOK_START, PERIOD_END, months_between
from .draws import Draws
from .tables import Row

BASE_CURRENCY = "USD"
RATE_PLACES = Decimal("0.0001")
MONTHLY_SWING = 0.011
FLOAT_DIGITS = 6
PULL_TO_NORMAL = 0.15
# currency, first rate, the rate around which it wanders
_WANDERS: tuple[tuple[str, float, float], ...] = (("EUR", 1.09, 1.12), ("GBP", 1.27, 1.30))

Rates = dict[tuple[str, date], Decimal]


def build_rates() -> Rates:
    """Return the rate of each foreign currency by the first of each month.

    They begin with the opening book, because an open deal is valued at the rate of its creation.
    """
    draws = Draws("exchange_rates")
    rates: Rates = {}
    for currency, first_rate, normal in _WANDERS:
        rate = first_rate
        for month in months_between(OPENING_BOOK_START, PERIOD_END):
            rates[currency, month] = Decimal(str(round(rate, FLOAT_DIGITS))).quantize(RATE_PLACES)
            rate += PULL_TO_NORMAL * (normal - rate) + rate * MONTHLY_SWING * draws.normal()
    return rates


def rate_on(rates: Rates, currency: str, day: date) -> Decimal:
    """Return what one unit of ``currency`` is worth in US dollars on ``day``."""
    if currency == BASE_CURRENCY:
        return Decimal(1)
    return rates[currency, day.replace(day=1)]


def rate_rows(rates: Rates) -> list[Row]:
    """Return the table ``exchange_rates``."""
    return [{"currency": currency, "valid_from": month, "rate": rate} for (currency, month), rate in rates.items()]
