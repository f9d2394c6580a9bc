"""Time: the as-of instant, and the reporting zone's days (kpis.md, Periods and As of)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .company import Settings

#: years go from 1900 to 2199 (decision 5)
_DAY = re.compile(r"(?:19|20|21)\d{2}-\d{2}-\d{2}")
_STAMP = re.compile(
    r"((?:19|20|21)\d{2}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) ?(Z|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)?"
)


def parse_day(text: str) -> date | None:
    """A date `YYYY-MM-DD`, or None where the text is not one."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _parse_stamp(text: str) -> datetime | None:
    """An ISO 8601 timestamp as an instant in UTC; without a zone it is UTC."""
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    day, clock, zone = match.groups()
    if zone not in (None, "Z") and len(zone) == 3:
        zone += ":00"
    try:
        return datetime.fromisoformat(f"{day}T{clock}{zone or 'Z'}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Clock:
    """The reporting zone, and the instant as of which every figure is computed."""

    def __init__(self, settings: Settings) -> None:
        self.zone = ZoneInfo(settings.timezone)
        self._midnights: dict[date, datetime] = {}
        self.as_of = self._as_of(settings.as_of.strip())
        today = self.day(self.as_of)
        started = self.midnight(today) < self.as_of
        #: the last local day that began before as_of: what a date without a time is held against
        self.last_day = today if started else today - timedelta(days=1)

    def _as_of(self, text: str) -> datetime:
        """A bare date means the end of that local day (kpis.md, As of)."""
        day = parse_day(text)
        instant = self.midnight(day + timedelta(days=1)) if day else _parse_stamp(text)
        if instant is None:
            raise ValueError(f"as_of is neither a date nor a timestamp: {text!r}")
        return instant

    def midnight(self, day: date) -> datetime:
        """The instant at which a local day begins."""
        if day not in self._midnights:  # Every period and interval asks for two.
            self._midnights[day] = datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)
        return self._midnights[day]

    def wall(self, instant: datetime) -> datetime:
        """What a clock on the wall shows in the reporting zone at an instant."""
        return instant.astimezone(self.zone).replace(tzinfo=None)

    def day(self, instant: datetime) -> date:
        """The local date of an instant."""
        return self.wall(instant).date()

    def days_between(self, start: datetime, end: datetime) -> int:
        """The difference of local dates; a negative one counts as 0 (kpis.md, Durations)."""
        return max((self.day(end) - self.day(start)).days, 0)

    def visible(self, instant: datetime) -> bool:
        """Visible is what happened strictly before as_of (kpis.md, As of)."""
        return instant < self.as_of

    def parse_instant(self, text: str) -> datetime | None:
        """A timestamp; a bare date is local midnight in the reporting zone (sources.md)."""
        day = parse_day(text)
        try:
            return self.midnight(day) if day else _parse_stamp(text)
        except OverflowError:
            return None
