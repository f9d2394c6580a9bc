"""The as-of instant: from what a user writes to local wall-clock time, as the layer's SQL has it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kpi_runner.errors import UsageError
from kpi_runner.periods import FIRST_YEAR, LAST_YEAR, end_of_day

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?")


def as_of_text(given: str | None, option: str = "--as-of", now: datetime | None = None) -> str:
    """What the user gave as as-of, checked; without anything the present instant in UTC.

    Raises UsageError, which names the option, where it is neither a date nor an ISO 8601
    timestamp, and for a year in which no period can lie.
    """
    if given is None:
        return (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = given.strip()
    pattern = _DATE if len(text) == 10 else _TIMESTAMP
    if pattern.fullmatch(text):
        try:
            year = datetime.fromisoformat(text).year
        except ValueError:
            pass
        else:
            if FIRST_YEAR <= year <= LAST_YEAR:
                return text
            raise UsageError(f"{option}: {text!r} lies outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    raise UsageError(
        f"{option}: {text!r} is neither a date (2026-06-30) nor an ISO 8601 timestamp (2026-06-30T18:00:00Z)."
    )


def as_of_local(text: str, timezone: str) -> datetime:
    """The exclusive as-of instant as naive local time: of a bare date, the end of that day.

    A timestamp without a zone is UTC. Raises UsageError for a time zone that does not exist.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"timezone: {timezone!r} is not an IANA time zone, such as Europe/Berlin.") from None
    if _DATE.fullmatch(text):
        return end_of_day(date.fromisoformat(text))
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(zone).replace(tzinfo=None)


def utc_of_local(local: datetime, timezone: str) -> datetime:
    """The naive UTC time of a local wall-clock time: of one that comes twice, the first."""
    return local.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC).replace(tzinfo=None)


def week_start_number(name: str) -> int:
    """The ISO number of a weekday: 1 for monday to 7 for sunday. Raises UsageError for other names."""
    if name not in WEEKDAYS:
        raise UsageError(f"week_start: {name!r} is not one of {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(name) + 1
