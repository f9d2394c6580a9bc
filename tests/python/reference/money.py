"""Money in the reporting currency, exactly (kpis.md, Rules: Money)."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from .clock import Clock
from .company import Settings
from .deals import Life
from .sources import Quota, Sources


class MissingRate(Exception):
    """A currency has no rate on a date; `missing` holds all such pairs, this is the first."""

    def __init__(self, missing: set[tuple[str, date]]) -> None:
        self.missing = frozenset(missing)
        self.currency, self.date = min(missing)
        super().__init__(f"no exchange rate for {self.currency} on {self.date}")


class Money:
    """Converts what matters only; pairs without a rate are gathered in `missing`."""

    def __init__(self, sources: Sources, settings: Settings, clock: Clock) -> None:
        self._reporting = settings.reporting_currency
        self._clock = clock
        self._products = {product.product_id: product for product in sources.products}
        self._rates: dict[str, dict[date, Decimal]] = {}
        for rate in sources.exchange_rates:
            self._rates.setdefault(rate.currency, {})[rate.valid_from] = rate.rate
        self.missing: set[tuple[str, date]] = set()

    def convert(self, amount: Decimal, currency: str | None, on: date) -> Fraction:
        """An amount at the latest rate valid on a date; one valid only after as_of is not used."""
        if currency is None or currency == self._reporting:
            return Fraction(amount)
        until = min(on, self._clock.last_day)
        rates = self._rates.get(currency, {})
        valid = max((day for day in rates if day <= until), default=None)
        if valid is None:
            self.missing.add((currency, on))
            return Fraction(0)
        return Fraction(amount) * Fraction(rates[valid])

    def amount(self, life: Life) -> Fraction | None:
        """A deal's amount at closed_at if it is closed now, at created_at if it is open."""
        if life.deal.amount is None:
            return None
        on = self._clock.day(life.closed_at or life.deal.created_at)
        return self.convert(life.deal.amount, life.deal.currency, on)

    def open_amount(self, life: Life) -> Fraction:
        """What an open deal is worth: its amount, else its product's list price, else nothing.

        At created_at, also at earlier period ends of a deal that is closed now: there it is open,
        and the state at an end does not change when the deal closes later.
        """
        if life.deal.amount is not None:
            return self.convert(life.deal.amount, life.deal.currency, self._clock.day(life.deal.created_at))
        product = self._products.get(life.deal.product_id or "")
        if product is None or product.list_price is None:
            return Fraction(0)
        created = self._clock.day(life.deal.created_at)
        return self.convert(product.list_price, product.currency, created)

    def target(self, quota: Quota) -> Fraction:
        """A quota at the rate of its month's first day."""
        return self.convert(quota.target, quota.currency, quota.month)
