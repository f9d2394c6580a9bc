"""What is there as of as_of (kpis.md, As of): rows that happened, or whose local day began, before it.

Each entity is held against its own event's date. A meeting that is still to come is not among the
meetings here. Lines have no date: they come with their order.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import TypeVar

from .clock import Clock
from .sources import Sources

_Row = TypeVar("_Row")


class Visible:
    """The visible rows of the dated entities but deals (see deals.py)."""

    def __init__(self, sources: Sources, clock: Clock) -> None:
        self._clock = clock
        self._days: list[date] = []
        self.leads = self._happened(sources.leads, lambda lead: lead.created_at)
        self.activities = self._happened(sources.activities, lambda activity: activity.occurred_at)
        self.emails = self._happened(sources.emails, lambda email: email.sent_at)
        self.calls = self._happened(sources.calls, lambda call: call.started_at)
        self.meetings = self._happened(sources.meetings, lambda meeting: meeting.scheduled_for)
        self.quotes = self._happened(sources.quotes, lambda quote: quote.sent_at)
        self.sessions = self._happened(sources.sessions, lambda session: session.started_at)
        self.pixel_events = self._happened(sources.pixel_events, lambda event: event.occurred_at)
        self.ad_spend = self._began(sources.ad_spend, lambda spend: spend.spent_on)
        self.orders = self._happened(sources.orders, lambda order: order.ordered_at)
        self.subscriptions = self._began(sources.subscriptions, lambda each: each.started_on)
        self.acquisition_costs = self._began(sources.acquisition_costs, lambda cost: cost.incurred_on)
        self.competitor_prices = self._began(sources.competitor_prices, lambda price: price.observed_on)
        self.brand_mentions = self._happened(sources.brand_mentions, lambda mention: mention.mentioned_at)
        orders = {order.order_id for order in self.orders}
        self.order_lines = tuple(line for line in sources.order_lines if line.order_id in orders)

    def _happened(self, rows: Iterable[_Row], at: Callable[[_Row], datetime]) -> tuple[_Row, ...]:
        """The rows whose instant lies strictly before as_of."""
        seen = tuple(row for row in rows if self._clock.visible(at(row)))
        self._days += [self._clock.day(at(row)) for row in seen]
        return seen

    def _began(self, rows: Iterable[_Row], on: Callable[[_Row], date]) -> tuple[_Row, ...]:
        """The rows whose local day began before as_of."""
        seen = tuple(row for row in rows if on(row) <= self._clock.last_day)
        self._days += [on(row) for row in seen]
        return seen

    def days(self) -> Iterator[date]:
        """The local dates of all that happened; a lead is qualified on a date of its own."""
        yield from self._days
        for lead in self.leads:
            if lead.qualified_at is not None and self._clock.visible(lead.qualified_at):
                yield self._clock.day(lead.qualified_at)
