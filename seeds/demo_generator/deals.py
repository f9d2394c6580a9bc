"""The deals: a simulation of selling, in the order in which deals are created.

It begins some months before the first deals that are kept, so that the company is in full swing by then: it has
customers of all ages, contracts that come up for renewal, and deals in every stage. Those that were closed in the
year before the period are kept as the former CRM had them: without their stages, campaigns, reasons and notes.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from .accounts import CHANNELS, Account
from .catalog import (
    FILTRATION,
    LOST,
    NEW_BUSINESS,
    OPEN,
    PRODUCTS,
    RENEWAL,
    SERVICE,
    WON,
    Product,
    outcome_of,
)
from .dates import (
    AS_OF,
    DAYS_PER_YEAR,
    HISTORY_START,
    MONTHS_PER_YEAR,
    PERIOD_END,
    PERIOD_START,
    SIMULATION_START,
    at_work,
    month_end,
    months_between,
    working_day,
)
from .draws import Draws
from .journeys import Journey, StageChange, plan_new_business, plan_renewal, reached_qualified
from .people import ENTERPRISE, MID_MARKET, SMB, SUCCESSOR, Rep, acting_rep
from .tables import Row
from .wording import campaign_for, lost_reason, rationale_note

DEALS_PER_MONTH = 45.0
YEARLY_GROWTH = 0.12
# How many new-business deals are created in a month, relative to the average.
CREATION_SEASON: tuple[float, ...] = (
    1.06,
    1.04,
    1.05,
    1.06,
    1.04,
    0.98,
    0.92,
    0.72,
    1.08,
    1.14,
    1.03,
    0.88,
)
CONTRACTS_EACH: tuple[tuple[int, float], ...] = ((1, 0.44), (2, 0.24), (3, 0.16), (4, 0.16))
"""How many service contracts a customer of long before the period has."""
DUE_STRIDE = 0.61803
"""Of a year, between one contract's due day and the next one's: scatters them, and one account's, over the year."""
RENEWAL_NOTICE_DAYS = (52, 92)

WIN_CHANCE = 0.285
RENEWAL_WIN_CHANCE = 0.75
MAX_WIN_CHANCE = 0.92
CHANNEL_FIT: dict[str, float] = {
    "organic": 1.0,
    "paid_search": 0.82,
    "referral": 1.28,
    "outbound": 0.90,
    "partner": 1.12,
    "event": 0.92,
}
SEGMENT_FIT: dict[str, float] = {SMB: 1.05, MID_MARKET: 1.0, ENTERPRISE: 0.93}
LUCK = 0.5
"""How far a single deal may stray from its rep's running balance of wins (see Ledger)."""
HALF = 0.5

PROSPECT_SHARE = 0.60
MAX_OPEN_PER_ACCOUNT = 3
UPSELL_CHANCE = 0.30
FIRST_PURCHASE_EQUIPMENT = 1.3
"""How much likelier a first purchase is filtration equipment."""
SAME_CHANNEL_CHANCE = 0.45

PRICE_SPREAD = 0.30
SEGMENT_SIZE: dict[str, float] = {SMB: 0.85, MID_MARKET: 1.1, ENTERPRISE: 1.5}
LOST_DEALS_ARE_LARGER = 1.2
RENEWAL_UPLIFT = (1.0, 1.06)
AMOUNT_STEP = 20
NO_AMOUNT_YET_CHANCE = {"Prospecting": 0.30, "Discovery": 0.12}

EXPECTATION_ERROR_DAYS = (-18, 12)
STILL_OVERDUE_CHANCE = 0.15
PUSHED_OUT_DAYS = (5, 60)


@dataclass
class Deal:
    """One deal; ``deal_id`` is given at the end, in the order of creation."""

    created_at: datetime
    pipeline: str
    rep_id: str
    account: Account
    product: Product
    channel: str
    campaign: str | None
    kind: str
    amount: Decimal | None
    changes: tuple[StageChange, ...]
    expected_close_on: date
    lost_reason: str | None = None
    rationale_note: str | None = None
    contract: Contract | None = None
    """The contract that a renewal is about."""
    is_archived: bool = False
    """Whether it was closed before the period."""
    deal_id: str = ""
    lead_id: str | None = None

    @property
    def stage(self) -> str:
        """Return the stage at the end of the demo."""
        return self.changes[-1][0]

    @property
    def outcome(self) -> str:
        """Return the outcome at the end of the demo."""
        return outcome_of(self.pipeline, self.stage)

    @property
    def closed_at(self) -> datetime | None:
        """Return when the deal was closed; None while it is open."""
        return None if self.outcome == OPEN else self.changes[-1][1]


@dataclass(frozen=True, eq=False)
class Contract:
    """A service contract that runs out on ``due_on`` and may be renewed.

    ``source`` is the deal that won it; a contract of before the history has none.
    """

    account: Account
    product: Product
    amount: Decimal
    due_on: date
    source: Deal | None = None


class Ledger:
    """Running balances that keep luck from piling up on one rep.

    ``turns`` hands out new deals in proportion to each rep's load; ``wins`` lets a rep win about
    as often as his or her chances say, instead of in streaks that no quota could foresee;
    ``products`` lets each be sold as steadily as it is asked for, so that a successor's launch shows.
    """

    def __init__(self, reps: list[Rep]) -> None:
        """Start with all balances at zero."""
        self._reps = reps
        self._turns = {rep.rep_id: 0.0 for rep in reps}
        self._wins: dict[tuple[str, str], float] = {}
        self._products: dict[tuple[bool, str], float] = {}

    def next_rep(self, draws: Draws, day: date) -> Rep:
        """Return the rep whose turn it is to open a deal on ``day``."""
        active = [rep for rep in self._reps if rep.works_on(day)]
        total = 0.0
        for rep in active:
            total += rep.load
        for rep in active:
            self._turns[rep.rep_id] += rep.load / total
        chosen = max(active, key=lambda rep: self._turns[rep.rep_id] + LUCK * draws.unit())
        self._turns[chosen.rep_id] -= 1.0
        return chosen

    def next_product(self, draws: Draws, day: date, kind: str, won: bool) -> Product:
        """Return the product of a deal that begins on ``day``; a first purchase is mostly equipment."""
        choices = []
        total = 0.0
        for product in PRODUCTS:
            factor = FIRST_PURCHASE_EQUIPMENT if kind == "new" and product.line == FILTRATION else 1.0
            choices.append((product, product.weight_on(day) * factor))
            total += choices[-1][1]
        for product, weight in choices:
            balance = self._products.get((won, product.product_id), 0.0)
            self._products[won, product.product_id] = balance + weight / total
        on_sale = [product for product, weight in choices if weight > 0]
        chosen = max(on_sale, key=lambda item: self._products[won, item.product_id] + LUCK * draws.unit())
        self._products[won, chosen.product_id] -= 1.0
        return chosen

    def is_won(self, draws: Draws, rep_id: str, pipeline: str, chance: float) -> bool:
        """Return whether a deal with this chance is won."""
        balance = self._wins.get((rep_id, pipeline), 0.0) + min(chance, MAX_WIN_CHANCE)
        won = balance + LUCK * (draws.unit() - HALF) >= HALF
        self._wins[rep_id, pipeline] = balance - 1.0 if won else balance
        return won


class Simulation:
    """The years of selling; ``run`` returns the deals and fills ``contracts``."""

    def __init__(self, reps: list[Rep], accounts: list[Account], earlier: list[Deal]) -> None:
        """Prepare the streams and the ledger; ``earlier`` are the deals of before the simulation."""
        self._draws = Draws("deals")
        self._words = Draws("deals/wording")
        self._reps = {rep.rep_id: rep for rep in reps}
        self._accounts = accounts
        self._ledger = Ledger(reps)
        self._deals: list[Deal] = []
        self._by_account: dict[str, list[Deal]] = {}
        for deal in earlier:
            self._keep(deal)
        self._queue: list[tuple[datetime, int, Contract | None]] = []
        self._queued = 0
        self.contracts: list[Contract] = []

    def run(self) -> list[Deal]:
        """Return all deals, the earlier ones included."""
        for created_at in creation_times(self._draws):
            self._enqueue(created_at, None)
        for legacy in legacy_contracts(self._draws, self._accounts):
            self._enqueue_renewal(legacy)
        while self._queue:
            created_at, _, contract = heapq.heappop(self._queue)
            if contract is None:
                self._open_new_business(created_at)
            else:
                self._open_renewal(created_at, contract)
        return self._deals

    def _enqueue(self, created_at: datetime, contract: Contract | None) -> None:
        """Plan the creation of a deal: a renewal when there is a contract, else new business."""
        if created_at < AS_OF:
            self._queued += 1
            heapq.heappush(self._queue, (created_at, self._queued, contract))

    def _enqueue_renewal(self, contract: Contract) -> None:
        """Plan the renewal of a contract, some weeks before it runs out."""
        self.contracts.append(contract)
        notice = timedelta(days=self._draws.whole(*RENEWAL_NOTICE_DAYS))
        day = working_day(self._draws, contract.due_on - notice)
        self._enqueue(at_work(self._draws, day), contract)

    def _open_new_business(self, created_at: datetime) -> None:
        """Create one deal in the pipeline ``new_business``."""
        draws = self._draws
        rep = self._ledger.next_rep(draws, created_at.date())
        account = self._choose_account(rep.rep_id, created_at)
        if account is None:
            return
        kind = self._kind(account, created_at)
        channel = account.channel
        if kind != "new" and not draws.chance(SAME_CHANNEL_CHANCE):
            channel = draws.weighted(CHANNELS)
        chance = WIN_CHANCE * rep.skill * CHANNEL_FIT[channel] * SEGMENT_FIT[account.segment]
        won = self._ledger.is_won(draws, rep.rep_id, NEW_BUSINESS, chance)
        product = self._ledger.next_product(draws, created_at.date(), kind, won)
        journey = plan_new_business(draws, created_at, account.segment, won)
        amount = new_amount(draws, product, account.segment, won)
        deal = Deal(
            created_at=created_at,
            pipeline=NEW_BUSINESS,
            rep_id=keeper(rep.rep_id, journey),
            account=account,
            product=product,
            channel=channel,
            campaign=campaign_for(draws, channel, created_at.date()),
            kind=kind,
            amount=amount,
            changes=happened(journey),
            expected_close_on=expected_close(draws, journey),
        )
        self._add(deal, journey, created_at.date() + timedelta(days=DAYS_PER_YEAR))

    def _open_renewal(self, created_at: datetime, contract: Contract) -> None:
        """Create one deal in the pipeline ``renewal``."""
        draws = self._draws
        rep_id = acting_rep(contract.account.first_owner_id, created_at.date())
        skill = (1.0 + self._reps[rep_id].skill) / 2
        won = self._ledger.is_won(draws, rep_id, RENEWAL, RENEWAL_WIN_CHANCE * skill)
        journey = plan_renewal(draws, created_at, contract.due_on, won)
        deal = Deal(
            created_at=created_at,
            pipeline=RENEWAL,
            rep_id=keeper(rep_id, journey),
            account=contract.account,
            product=contract.product,
            channel=contract.account.channel,
            campaign=None,
            kind="renewal",
            amount=rounded(float(contract.amount) * draws.between(*RENEWAL_UPLIFT)),
            changes=happened(journey),
            expected_close_on=expected_close(draws, journey),
            contract=contract,
        )
        self._add(deal, journey, contract.due_on + timedelta(days=DAYS_PER_YEAR))

    def _add(self, deal: Deal, journey: Journey, next_due: date) -> None:
        """Finish a deal and keep it, unless it was over before the history begins."""
        if journey.ends_at.date() < HISTORY_START:
            return
        is_open = deal.outcome == OPEN and deal.pipeline == NEW_BUSINESS
        if is_open and self._draws.chance(NO_AMOUNT_YET_CHANCE.get(deal.stage, 0.0)):
            deal.amount = None
        if journey.ends_at.date() < PERIOD_START:
            archive(deal)
        if deal.outcome == LOST and not deal.is_archived:
            deal.lost_reason = lost_reason(self._words, deal.changes[-2][0])
        if reached_qualified(deal.pipeline, deal.changes) and not deal.is_archived:
            deal.rationale_note = rationale_note(self._words, deal.pipeline, deal.product.line)
        self._keep(deal)
        if deal.outcome == WON and deal.product.line == SERVICE and deal.amount is not None:
            if deal.pipeline == NEW_BUSINESS:
                next_due = deal.changes[-1][1].date() + timedelta(days=DAYS_PER_YEAR)
            self._enqueue_renewal(Contract(deal.account, deal.product, deal.amount, next_due, deal))

    def _keep(self, deal: Deal) -> None:
        """Add a deal to the data, and to its account."""
        self._deals.append(deal)
        self._by_account.setdefault(deal.account.account_id, []).append(deal)

    def _choose_account(self, rep_id: str, when: datetime) -> Account | None:
        """Return an account of the rep that has room for one more deal."""
        prospects: list[Account] = []
        customers: list[Account] = []
        for account in self._accounts:
            if account.created_at >= when:
                break
            if acting_rep(account.first_owner_id, when.date()) != rep_id:
                continue
            if self._open_deals(account, when) >= MAX_OPEN_PER_ACCOUNT:
                continue
            (customers if self._has_won(account, when) else prospects).append(account)
        wants_prospect = self._draws.chance(PROSPECT_SHARE)
        pool = (prospects or customers) if wants_prospect else (customers or prospects)
        return self._draws.pick(pool) if pool else None

    def _open_deals(self, account: Account, when: datetime) -> int:
        """Return how many deals of the account are open at ``when``."""
        deals = self._by_account.get(account.account_id, [])
        return len([deal for deal in deals if deal.closed_at is None or deal.closed_at >= when])

    def _has_won(self, account: Account, when: datetime) -> bool:
        """Return whether the data holds a win of the account before ``when``."""
        deals = self._by_account.get(account.account_id, [])
        return any(deal.outcome == WON and deal.changes[-1][1] < when for deal in deals)

    def _kind(self, account: Account, when: datetime) -> str:
        """Return new, repeat or upsell, in step with the account's earlier wins."""
        if not self._has_won(account, when):
            return "new"
        return "upsell" if self._draws.chance(UPSELL_CHANCE) else "repeat"


def creation_times(draws: Draws) -> list[datetime]:
    """Return when new-business deals are created."""
    times = []
    owed = 0.0
    for month in months_between(SIMULATION_START, PERIOD_END):
        years = month.year - PERIOD_START.year + (month.month - PERIOD_START.month) / MONTHS_PER_YEAR
        growth = 1.0 + YEARLY_GROWTH * years
        owed += DEALS_PER_MONTH * growth * CREATION_SEASON[month.month - 1]
        days = month_end(month).day
        for _ in range(int(owed)):
            day = working_day(draws, month + timedelta(days=draws.whole(0, days - 1)))
            times.append(at_work(draws, day))
        owed -= int(owed)
    return times


def legacy_contracts(draws: Draws, accounts: list[Account]) -> list[Contract]:
    """Return the contracts of before the simulation, due evenly over the first year of the history."""
    services = [product for product in PRODUCTS if product.line == SERVICE]
    contracts: list[Contract] = []
    for account in accounts:
        if not account.is_legacy:
            continue
        for _ in range(draws.weighted(CONTRACTS_EACH)):
            product = draws.weighted([(item, item.weight) for item in services])
            offset = int(DAYS_PER_YEAR * (len(contracts) * DUE_STRIDE % 1.0))
            amount = new_amount(draws, product, account.segment, True)
            contracts.append(Contract(account, product, amount, HISTORY_START + timedelta(days=offset)))
    return contracts


def new_amount(draws: Draws, product: Product, segment: str, won: bool) -> Decimal:
    """Return an amount around the list price, larger for larger customers."""
    factor = SEGMENT_SIZE[segment] * draws.log_normal(PRICE_SPREAD)
    return rounded(product.list_price * factor * (1.0 if won else LOST_DEALS_ARE_LARGER))


def archive(deal: Deal) -> None:
    """Leave of a deal what the former CRM kept: when it began, and how and when it ended."""
    deal.changes = (deal.changes[0], deal.changes[-1])
    deal.campaign = None
    deal.is_archived = True


def numbered_deals(deals: list[Deal]) -> list[Deal]:
    """Return the deals in the order of creation, with their ids."""
    deals.sort(key=lambda deal: deal.created_at)
    for number, deal in enumerate(deals, start=1):
        deal.deal_id = f"D-{number:05d}"
    return deals


def rounded(amount: float) -> Decimal:
    """Return an amount as a price that a seller would write."""
    return Decimal(int(amount / AMOUNT_STEP) * AMOUNT_STEP).quantize(Decimal("0.01"))


def happened(journey: Journey) -> tuple[StageChange, ...]:
    """Return the changes that lie within the demo."""
    return tuple(change for change in journey.changes if change[1] < AS_OF)


def keeper(rep_id: str, journey: Journey) -> str:
    """Return who holds the deal at its end: a leaver hands the open ones over."""
    return SUCCESSOR if acting_rep(rep_id, journey.ends_at.date()) != rep_id else rep_id


def expected_close(draws: Draws, journey: Journey) -> date:
    """Return the expected closing day: mostly too early, and pushed out while a deal is open."""
    error = draws.whole(*EXPECTATION_ERROR_DAYS)
    day = max(journey.changes[0][1].date(), journey.planned_close + timedelta(days=error))
    is_open = journey.ends_at >= AS_OF
    if is_open and day < AS_OF.date() and not draws.chance(STILL_OVERDUE_CHANCE):
        day = PERIOD_END + timedelta(days=draws.whole(*PUSHED_OUT_DAYS))
    return day


def deal_rows(deals: list[Deal]) -> list[Row]:
    """Return the table ``deals``."""
    return [
        {
            "deal_id": deal.deal_id,
            "created_at": deal.created_at,
            "pipeline": deal.pipeline,
            "stage": deal.stage,
            "outcome": deal.outcome,
            "rep_id": deal.rep_id,
            "account_id": deal.account.account_id,
            "lead_id": deal.lead_id,
            "product_id": deal.product.product_id,
            "channel": deal.channel,
            "campaign": deal.campaign,
            "kind": deal.kind,
            "amount": deal.amount,
            "currency": deal.account.currency,
            "expected_close_on": deal.expected_close_on,
            "closed_at": deal.closed_at,
            "lost_reason": deal.lost_reason,
            "rationale_note": deal.rationale_note,
        }
        for deal in deals
    ]


def stage_change_rows(deals: list[Deal]) -> list[Row]:
    """Return the table ``deal_stage_changes``."""
    return [
        {"deal_id": deal.deal_id, "stage": stage, "entered_at": entered_at}
        for deal in deals
        for stage, entered_at in deal.changes
    ]
