"""Everything that a KPI module needs of one company under one set of settings."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from .clock import Clock
from .company import Company, Settings
from .deals import Life, Stages, Standing, lives, stage_index
from .labels import Labels
from .money import Money
from .periods import containing
from .sources import Sources, read
from .visible import Visible


class World:
    """A company, read and put in order."""

    def __init__(self, company: Company, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock(settings)
        self.sources: Sources = read(company, self.clock)
        self.stages: Stages = stage_index(self.sources)
        self.labels = Labels(self.sources)
        self.money = Money(self.sources, settings, self.clock)
        self.lives, self.orphans = lives(self.sources, self.clock)
        self.visible = Visible(self.sources, self.clock)
        self.leads = {lead.lead_id: lead for lead in self.sources.leads}
        self.deals = {deal.deal_id: deal for deal in self.sources.deals}
        self.sessions = {session.session_id: session for session in self.sources.sessions}

    def convert_everything(self) -> None:
        """Look up the rate of every amount that a mart shows, so that a missing one is found."""
        for life in self.lives:
            if life.outcome is not None:
                self.money.amount(life)
                self.money.open_amount(life)
        ends = [containing(grain, self.clock.last_day, self.settings).end for grain in ("year", "fiscal_year")]
        for quota in self.sources.quotas:
            if quota.kind == "revenue" and quota.month < max(ends):
                self.money.target(quota)
        for amount, currency, on in self._amounts():
            if amount is not None:
                self.money.convert(amount, currency, on)

    def _amounts(self) -> Iterator[tuple[Decimal | None, str | None, date]]:
        """The amounts of the events, with their own currency and local date."""
        day, visible = self.clock.day, self.visible
        orders = {order.order_id: order for order in visible.orders}
        yield from ((row.amount, row.currency, day(row.sent_at)) for row in visible.quotes)
        yield from ((row.value, row.currency, day(row.occurred_at)) for row in visible.pixel_events)
        yield from ((row.cost, row.currency, row.spent_on) for row in visible.ad_spend)
        yield from ((row.mrr, row.currency, row.started_on) for row in visible.subscriptions)
        yield from ((row.amount, row.currency, row.incurred_on) for row in visible.acquisition_costs)
        for line in visible.order_lines:
            order = orders[line.order_id]
            yield line.unit_price, order.currency, day(order.ordered_at)

    def closed(self, *outcomes: str) -> list[tuple[Life, datetime]]:
        """The deals that are closed as of as_of, with the instant at which they closed."""
        return [
            (life, life.closed_at) for life in self.lives if life.outcome in outcomes and life.closed_at is not None
        ]

    def open_at(self, instant: datetime) -> list[tuple[Life, Standing]]:
        """The deals open at an instant, and where they stood."""
        standings = [(life, life.open_at(instant)) for life in self.lives]
        return [(life, standing) for life, standing in standings if standing is not None]

    def cycle_days(self, life: Life, closed_at: datetime) -> Fraction:
        """From created to closed, in local days (kpis.md, Durations)."""
        return Fraction(self.clock.days_between(life.deal.created_at, closed_at))

    def probability(self, life: Life, stage: str | None) -> Fraction | None:
        """A stage's probability, None where it is not known."""
        known = self.stages.get((life.pipeline, stage)) if stage is not None else None
        return None if known is None or known.probability is None else Fraction(known.probability)

    def first_event(self) -> date | None:
        """The local date of the earliest visible event; quota months are no events."""
        events = [life.deal.created_at for life in self.lives]
        events += [life.closed_at for life in self.lives if life.closed_at is not None]
        trails = [life.visits for life in self.lives] + [o.visits for o in self.orphans]
        events += [visit.entered_at for visits in trails for visit in visits]
        return min([*map(self.clock.day, events), *self.visible.days()], default=None)
