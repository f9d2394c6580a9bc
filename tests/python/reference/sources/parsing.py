"""How a cell's text becomes a value (sources.md: in text files); what cannot be read is None."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ..clock import Clock, parse_day

Parser = Callable[[str, Clock], Any]

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_INTEGER = re.compile(r"[+-]?\d+")
_MIDNIGHT = re.compile(r"[T ]00:00:00(\.0+)?$")
_MONTH = re.compile(r"\d{4}-\d{2}(-01)?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def text(text: str, _: Clock) -> str:
    """As it is."""
    return text


def instant(text: str, clock: Clock) -> datetime | None:
    """A timestamp, or a date's local midnight."""
    return clock.parse_instant(text)


def day(text: str, _: Clock) -> date | None:
    """A date `YYYY-MM-DD`; a midnight without a zone says the same day, as files of typed columns have it."""
    return parse_day(_MIDNIGHT.sub("", text))


def month(text: str, _: Clock) -> date | None:
    """A month `YYYY-MM`, or its first day."""
    return parse_day(f"{text[:7]}-01") if _MONTH.fullmatch(text) else None


def boolean(text: str, _: Clock) -> bool | None:
    """true, false, 1 or 0; case does not count."""
    return _BOOLEANS.get(text.lower())


def _kept(text: str, before: int, after: int) -> Decimal | None:
    """A decimal that has no more digits before and after the point than are kept (decision 5)."""
    if not _DECIMAL.fullmatch(text):
        return None
    value = Decimal(text)
    places = -int(value.normalize().as_tuple().exponent)
    return value if abs(value) < 10**before and places <= after else None


def decimal(text: str, _: Clock) -> Decimal | None:
    """An amount."""
    return _kept(text, 16, 4)


def rate(text: str, _: Clock) -> Decimal | None:
    """An exchange rate."""
    return _kept(text, 10, 10)


def integer(text: str, _: Clock) -> int | None:
    """A whole number."""
    return int(text) if _INTEGER.fullmatch(text) else None


def probability(text: str, _: Clock) -> Decimal | None:
    """Between 0 and 1; anything else is outside its list."""
    value = _kept(text, 1, 6)
    return value if value is not None and 0 <= value <= 1 else None


def one_of(*values: str) -> Parser:
    """A value out of a list; case counts."""
    return lambda text, _: text if text in values else None
