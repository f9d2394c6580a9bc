"""Who is a customer, and when (kpis.md, Rulings, 35, 36; and the second measure of 28)."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from .company import Settings
from .labels import NONE
from .periods import Period
from .sales import order_labels
from .sources import Order, Subscription
from .table import ONE, Fact, FactsOf, given, when
from .wins import wins_by_account
from .world import World

#: the need of a measure that asks who is a customer (see `customers_need`)
CUSTOMERS = "customers"

PURCHASES = "purchases"
SOLD_AGAIN = ("renewal", "upsell")


def customers_need(settings: Settings) -> str:
    """The entities that say who is a customer; with `|` between them any of them does."""
    return "deals|orders" if settings.customer_lifecycle == PURCHASES else "subscriptions"


class Boundary(NamedTuple):
    """An instant at which a state is taken: a local midnight, or as_of in a running period.

    What is dated before `day` lies before it; `today` is the local date of the instant itself, which is the day before
    `day` where as_of lies within a day.
    """

    day: date
    today: date


class Stint(NamedTuple):
    """A span in which an account is a customer, from the day after which it is one.

    `ended_on` is the first day on which it is none, None where it still is one as of as_of.
    """

    started_on: date
    ended_on: date | None


class Run(NamedTuple):
    """A visible subscription with its end as of as_of, prolonged through the gap to the one that follows."""

    subscription: Subscription
    stint: Stint


class Customers:
    """Every account that has been a customer by as_of."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_purchases = world.settings.customer_lifecycle == PURCHASES
        self._subscriptions = _subscriptions(world)
        self._runs = _runs(world, self._subscriptions)
        self._wins = wins_by_account(world)
        self._orders = (
            _orders_by_account(world) if self._by_purchases and "deals" not in world.sources.delivered else {}
        )
        self._active: dict[Boundary, frozenset[str]] = {}
        self._labels: dict[str, dict[str, str]] = {}
        self.stints = self._purchased() if self._by_purchases else self._subscribed()

    def _subscribed(self) -> dict[str, list[Stint]]:
        return {account: [run.stint for run in runs] for account, runs in self._runs.items()}

    def _purchased(self) -> dict[str, list[Stint]]:
        lasting = timedelta(days=self._world.settings.active_days)
        accounts = {*self._wins, *self._orders}
        return {account: [Stint(day, day + lasting) for day in self.purchases(account)] for account in accounts}

    def purchases(self, account: str) -> list[date]:
        """The local days of an account's won deals; of its orders where deals are absent."""
        day = self._world.clock.day
        won = [day(at) for _, at in self._wins.get(account, [])]
        return won + [day(order.ordered_at) for order in self._orders.get(account, [])]

    def sold_again(self, account: str) -> list[date]:
        """The days on which an account renewed or bought more."""
        sold = self._subscriptions.get(account, [])
        renewed = [subscription.started_on for subscription in sold if subscription.kind in SOLD_AGAIN]
        return renewed + self.purchases(account)

    def boundary(self, day: date) -> Boundary:
        """The midnight at which a day begins, or as_of where that comes before."""
        clock = self._world.clock
        return Boundary(min(day, clock.last_day + timedelta(days=1)), min(day, clock.day(clock.as_of)))

    def _is_active(self, stint: Stint, at: Boundary) -> bool:
        """A subscription ended on the boundary's day still runs at it; a purchase that old no longer counts."""
        if not stint.started_on < at.day:
            return False
        if stint.ended_on is None:
            return True
        return at.today < stint.ended_on if self._by_purchases else at.day <= stint.ended_on

    def active(self, at: Boundary) -> frozenset[str]:
        """The customers at a boundary, each account once."""
        if at not in self._active:
            self._active[at] = frozenset(
                account
                for account, stints in self.stints.items()
                if any(self._is_active(stint, at) for stint in stints)
            )
        return self._active[at]

    def mrr(self, account: str, at: Boundary, rates_of: date | None = None) -> Fraction:
        """The monthly revenue of an account's subscriptions that run at a boundary.

        At the rates of one day, or each at those of the day on which it started.
        """
        return sum(
            (
                self._world.money.convert(
                    run.subscription.mrr, run.subscription.currency, rates_of or run.stint.started_on
                )
                for run in self._runs.get(account, [])
                if run.stint.started_on < at.day and (run.stint.ended_on is None or at.day <= run.stint.ended_on)
            ),
            Fraction(0),
        )

    def began_on(self, account: str) -> date:
        """The account's first start."""
        return min(stint.started_on for stint in self.stints[account])

    def lasted_days(self, account: str, at: Boundary) -> int:
        """From the first start to the loss, to the boundary where the account is a customer at it."""
        if account in self.active(at):
            until = at.today
        else:
            ends = [stint.ended_on for stint in self.stints[account] if stint.started_on < at.day]
            until = max(end for end in ends if end is not None)
        return max((until - self.began_on(account)).days, 0)

    def labels(self, account: str) -> dict[str, str]:
        """Segment, rep with team and region, and the channel of the account's first win.

        The rep is that of the earliest subscription, where it has none that of the first won deal; orders stand for
        deals where they are the purchases.
        """
        if account not in self._labels:
            self._labels[account] = self._labels_of(account)
        return self._labels[account]

    def _labels_of(self, account: str) -> dict[str, str]:
        labels = self._world.labels
        rep_ids = [subscription.rep_id for subscription in self._subscriptions.get(account, [])[:1]]
        channel = NONE
        for win, _ in self._wins.get(account, [])[:1]:
            rep_ids.append(win.deal.rep_id)
            channel = labels.deal(win.deal)["channel"]
        for order in self._orders.get(account, [])[:1]:
            rep_ids.append(order.rep_id)
            channel = order_labels(self._world, order)["channel"]
        rep_id = next((rep_id for rep_id in rep_ids if rep_id is not None), None)
        return {**labels.rep(rep_id), "segment": labels.segment(account), "channel": channel}


def _subscriptions(world: World) -> dict[str, list[Subscription]]:
    """Each account's visible subscriptions, earliest first."""
    accounts: dict[str, list[Subscription]] = defaultdict(list)
    for subscription in sorted(world.visible.subscriptions, key=lambda row: (row.started_on, row.subscription_id)):
        accounts[subscription.account_id].append(subscription)
    return accounts


def _runs(world: World, subscriptions: dict[str, list[Subscription]]) -> dict[str, list[Run]]:
    """Of each account those that ran, with the days on which they did."""
    gap = timedelta(days=world.settings.renewal_gap_days)
    ran = {account: [row for row in rows if _ran(row, world)] for account, rows in subscriptions.items()}
    return {
        account: [Run(row, Stint(row.started_on, _end(world, row, rows, gap))) for row in rows]
        for account, rows in ran.items()
        if rows
    }


def _ran(subscription: Subscription, world: World) -> bool:
    """Whether it ran for a day at all; one that ended when it started, or before, makes nobody a customer."""
    ended_on = subscription.ended_on
    return ended_on is None or ended_on > world.clock.last_day or ended_on > subscription.started_on


def _end(world: World, row: Subscription, rows: list[Subscription], gap: timedelta) -> date | None:
    """The end as of as_of; where another one of the account starts within the gap after it, that start."""
    if row.ended_on is None or row.ended_on > world.clock.last_day:
        return None
    ended_on = row.ended_on
    following = min(
        (other.started_on for other in rows if other is not row and other.started_on >= ended_on), default=None
    )
    return following if following is not None and following - ended_on <= gap else ended_on


def _orders_by_account(world: World) -> dict[str, list[Order]]:
    """Each account's visible orders, earliest first."""
    accounts: dict[str, list[Order]] = defaultdict(list)
    for order in sorted(world.visible.orders, key=lambda row: (row.ordered_at, row.order_id)):
        if order.account_id is not None:
            accounts[order.account_id].append(order)
    return accounts


def existing_customers(world: World) -> FactsOf:
    """The customers at the period's start, and which of them renewed or bought more in it (kpis.md, 28).

    Inputs `existing`, and `sold_again` as 1 or 0.
    """
    customers = Customers(world)

    def facts(period: Period) -> list[Fact]:
        return [
            Fact(
                customers.labels(account),
                given(existing=ONE, sold_again=when(any(map(period.holds, customers.sold_again(account))))),
            )
            for account in sorted(customers.active(customers.boundary(period.start)))
        ]

    return facts
