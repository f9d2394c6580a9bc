"""The demo company: its files are what the generator makes, and its figures are plausible."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "seeds" / "demo"
AS_OF = datetime(2026, 7, 1)
FIRST_MONTH = date(2024, 7, 1)
PERIOD_START = datetime(2024, 7, 1)
TIMESTAMP = "%Y-%m-%dT%H:%MZ"
MAX_BYTES = 3_000_000

COLUMNS = {
    "reps": "rep_id rep_name team manager_id region hired_on left_on",
    "accounts": "account_id account_name segment industry country region owner_rep_id created_at",
    "products": "product_id product_name product_line predecessor_product_id launched_on list_price unit_cost currency",
    "stages": "pipeline stage position probability outcome is_qualified",
    "deals": "deal_id created_at pipeline stage outcome rep_id account_id lead_id product_id "
    "channel campaign kind amount currency expected_close_on closed_at lost_reason rationale_note",
    "deal_stage_changes": "deal_id stage entered_at",
    "leads": "lead_id created_at channel campaign origin is_provided rep_id generated_by_rep_id visitor_id account_id "
    "score mql_at qualified_at disqualified_at",
    "activities": "activity_id kind direction occurred_at rep_id lead_id deal_id account_id",
    "emails": "email_id sent_at email_type campaign rep_id lead_id delivered_at bounced_at first_opened_at "
    "first_clicked_at replied_at",
    "calls": "call_id started_at rep_id lead_id deal_id direction outcome is_winnable duration_seconds",
    "meetings": "meeting_id scheduled_for booked_at kind status rep_id lead_id account_id deal_id",
    "quotes": "quote_id sent_at deal_id rep_id product_id amount currency status decided_at",
    "sessions": "session_id visitor_id started_at channel source medium campaign landing_page",
    "pixel_events": "event_id event_name occurred_at session_id visitor_id channel campaign value currency",
    "ad_spend": "spend_id spent_on platform channel campaign impressions clicks cost currency",
    "orders": "order_id ordered_at account_id deal_id session_id rep_id channel campaign currency",
    "order_lines": "order_line_id order_id product_id quantity unit_price unit_cost discount refunded_amount "
    "refunded_at",
    "subscriptions": "subscription_id account_id rep_id product_id started_on ended_on mrr currency kind",
    "acquisition_costs": "cost_id incurred_on channel kind amount currency",
    "competitor_prices": "product_id competitor observed_on price currency",
    "brand_mentions": "mention_id mentioned_at platform sentiment reach url",
    "quotas": "rep_id team month kind target currency",
    "exchange_rates": "currency valid_from rate",
}

Row = dict[str, str]
Tables = dict[str, list[Row]]


def read(entity: str) -> list[Row]:
    """Return the rows of one committed file."""
    with (DEMO / f"demo_{entity}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def generator(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run the generator's command line."""
    return subprocess.run(
        [sys.executable, "-m", "seeds.demo_generator", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def instant(value: str) -> datetime:
    """Return a timestamp of the files as a naive UTC time."""
    return datetime.strptime(value, TIMESTAMP)


def month_of(value: datetime | date) -> date:
    """Return the first day of the month."""
    return date(value.year, value.month, 1)


def later(month: date, months: int) -> date:
    """Return the first of the month that lies so many months later."""
    index = month.year * 12 + month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


MONTHS = [later(FIRST_MONTH, number) for number in range(24)]
QUARTERS = [MONTHS[start : start + 3] for start in range(0, 24, 3)]
YEARS = [[month for month in MONTHS if month.year == year] for year in (2024, 2025, 2026)]


class Company:
    """The demo company as a reader of the files understands it."""

    def __init__(self) -> None:
        """Read the files; leave out what the rules reject, merge what is there twice."""
        self.tables: Tables = {entity: read(entity) for entity in COLUMNS}
        self.rates = {
            (row["currency"], date.fromisoformat(row["valid_from"])): Decimal(row["rate"])
            for row in self.tables["exchange_rates"]
        }
        self.products = {row["product_id"]: row for row in self.tables["products"]}
        self.outcomes = {(row["pipeline"], row["stage"]): row["outcome"] for row in self.tables["stages"]}
        self.deals: dict[str, Row] = {}
        for row in self.tables["deals"]:
            if is_instant(row["created_at"]):
                self.deals[row["deal_id"]] = row
        self.history: dict[str, list[tuple[datetime, str]]] = {}
        for row in self.tables["deal_stage_changes"]:
            change = instant(row["entered_at"]), row["stage"]
            self.history.setdefault(row["deal_id"], []).append(change)

    def usd(self, amount: Decimal, currency: str, day: date) -> Decimal:
        """Return an amount in US dollars, at the latest rate that is valid on the day."""
        if currency == "USD":
            return amount
        valid_from = max(first for known, first in self.rates if known == currency and first <= day)
        return amount * self.rates[currency, valid_from]

    def state(self, deal_id: str, at: datetime) -> tuple[str, str, datetime] | None:
        """Return (stage, outcome, since) just before ``at``; None before the creation."""
        deal = self.deals[deal_id]
        if instant(deal["created_at"]) >= at:
            return None
        since, stage = [change for change in self.history[deal_id] if change[0] < at][-1]
        return stage, self.outcomes[deal["pipeline"], stage], since

    def closed(
        self, outcome: str, pipeline: str | None = None, since: datetime = PERIOD_START
    ) -> Iterator[tuple[Row, datetime]]:
        """Yield the deals with this outcome at the end, and when they were closed: within the period, or since then."""
        for deal_id, deal in self.deals.items():
            state = self.state(deal_id, AS_OF)
            if state and state[1] == outcome and pipeline in (None, deal["pipeline"]) and state[2] >= since:
                yield deal, state[2]

    def first_wins(self) -> dict[str, datetime]:
        """Return when each account won its first deal: since then it is a customer."""
        found: dict[str, datetime] = {}
        for deal, closed_at in self.closed("won", since=datetime.min):
            found[deal["account_id"]] = min(found.get(deal["account_id"], AS_OF), closed_at)
        return found

    def revenue(self) -> Counter[tuple[str, date]]:
        """Return whole dollars won by rep and month."""
        total: Counter[tuple[str, date]] = Counter()
        for deal, closed_at in self.closed("won"):
            amount = Decimal(deal["amount"] or 0)
            value = int(self.usd(amount, deal["currency"], closed_at.date()))
            total[deal["rep_id"], month_of(closed_at)] += value
        return total

    def quotas(self) -> Counter[tuple[str, date]]:
        """Return whole dollars of revenue quota by rep (or team) and month."""
        total: Counter[tuple[str, date]] = Counter()
        for row in self.tables["quotas"]:
            if row["kind"] != "revenue":
                continue
            month = date.fromisoformat(f"{row['month']}-01")
            value = int(self.usd(Decimal(row["target"]), row["currency"], month))
            total[row["rep_id"] or row["team"], month] += value
        return total

    def attainment(self, months: list[date]) -> float:
        """Return the share of reps with a quota in these months who reached it."""
        revenue, quotas = self.revenue(), self.quotas()
        reached = []
        for rep in self.tables["reps"]:
            quota = sum(quotas[rep["rep_id"], month] for month in months)
            if quota:
                reached.append(sum(revenue[rep["rep_id"], month] for month in months) >= quota)
        return sum(reached) / len(reached)

    def open_deals(self, at: datetime) -> list[tuple[Row, str]]:
        """Return the deals that are open at an instant, and their stages."""
        found = []
        for deal_id, deal in self.deals.items():
            state = self.state(deal_id, at)
            if state and state[1] == "open":
                found.append((deal, state[0]))
        return found

    def open_amount(self, at: datetime) -> int:
        """Return whole dollars in open deals; one without amount is worth its list price."""
        total = 0
        for deal, _ in self.open_deals(at):
            product = self.products[deal["product_id"]]
            amount, currency = deal["amount"], deal["currency"]
            if not amount:
                amount, currency = product["list_price"], product["currency"]
            total += int(self.usd(Decimal(amount), currency, instant(deal["created_at"]).date()))
        return total


def is_instant(value: str) -> bool:
    """Return whether a text is a timestamp of the files."""
    try:
        instant(value)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def company() -> Company:
    """Return the company as committed."""
    return Company()


def monthly(company: Company) -> dict[date, int]:
    """Return the whole company's revenue by month."""
    total = dict.fromkeys(MONTHS, 0)
    for (_, month), value in company.revenue().items():
        total[month] += value
    return total


def mean_days(closed: Iterator[tuple[Row, datetime]]) -> float:
    """Return the mean number of days from creation to closing."""
    days = [(at.date() - instant(deal["created_at"]).date()).days for deal, at in closed]
    return sum(days) / len(days)


# --- the files -----------------------------------------------------------------------------


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_regenerates_the_committed_bytes(tmp_path: Path, hash_seed: str) -> None:
    """Every run writes the committed bytes, whatever the hash seed."""
    assert generator("--out", str(tmp_path), hash_seed=hash_seed).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"demo_{e}.csv" for e in COLUMNS)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (DEMO / path.name).read_bytes(), path.name


def test_check_notices_a_changed_file(tmp_path: Path) -> None:
    """``--check`` passes on the committed files and names a file that differs."""
    assert generator("--check").returncode == 0
    for path in DEMO.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "demo_reps.csv").write_text("rep_id\n", encoding="utf-8")
    result = generator("--check", "--out", str(tmp_path))
    assert result.returncode == 1
    assert "reps.csv" in result.stderr
    assert "deals.csv" not in result.stderr


@pytest.mark.parametrize("entity", list(COLUMNS))
def test_file_format(entity: str) -> None:
    """Canonical columns in their order, LF line ends, UTF-8."""
    content = (DEMO / f"demo_{entity}.csv").read_bytes()
    assert content.decode("utf-8").splitlines()[0] == ",".join(COLUMNS[entity].split())
    assert b"\r" not in content
    assert content.endswith(b"\n")


def test_size() -> None:
    """The files stay small enough to live in the repository."""
    assert sum((DEMO / f"demo_{entity}.csv").stat().st_size for entity in COLUMNS) < MAX_BYTES


# --- the shape -----------------------------------------------------------------------------


def test_sales_force(company: Company) -> None:
    """Reps, teams, regions, namesakes, a leaver, a new hire, managers who exist."""
    reps = company.tables["reps"]
    ids = {row["rep_id"] for row in reps}
    assert len(ids) == len(reps) >= 15
    assert len({row["team"] for row in reps}) == 5
    assert sum(row["team"] == "Marketing" for row in reps) == 2
    assert len({row["region"] for row in reps}) == 3
    assert max(Counter(row["rep_name"] for row in reps).values()) == 2
    assert [row["left_on"][:4] for row in reps if row["left_on"]] == ["2025"]
    assert [row["rep_id"] for row in reps if row["hired_on"].startswith("2025")]
    assert {row["manager_id"] for row in reps if row["manager_id"]} < ids


def test_catalog(company: Company) -> None:
    """Four lines, two products with a predecessor, each with a cost; two pipelines that share names."""
    products = company.tables["products"]
    assert len({row["product_line"] for row in products}) == 4
    assert sum(row["predecessor_product_id"] in company.products for row in products) == 2
    assert all(Decimal(row["unit_cost"]) < Decimal(row["list_price"]) for row in products)
    pipelines = {row["pipeline"] for row in company.tables["stages"]}
    assert pipelines == {"new_business", "renewal"}
    names = Counter(row["stage"] for row in company.tables["stages"])
    assert names["Proposal"] == names["Won"] == names["Lost"] == 2


def test_deals(company: Company) -> None:
    """Enough deals, of every kind, channel and currency, each with a history."""
    deals = list(company.deals.values())
    of_period = [row for row in deals if not row["closed_at"] or row["closed_at"] >= str(FIRST_MONTH)]
    assert 1500 <= len(of_period) <= 1800
    assert 1.2 * len(of_period) < len(deals) < 1.5 * len(of_period)
    assert {row["kind"] for row in deals} == {"new", "repeat", "renewal", "upsell"}
    assert len({row["channel"] for row in deals}) == 6
    assert {row["currency"] for row in deals} == {"USD", "EUR", "GBP"}
    assert all(row["deal_id"] in company.history for row in deals)
    launch = {key: row["launched_on"] for key, row in company.products.items()}
    assert all(row["created_at"] >= launch[row["product_id"]] for row in deals)


def test_history_is_rich(company: Company) -> None:
    """Some deals skip a stage, some enter one twice, some are reopened after a loss."""
    positions = {(row["pipeline"], row["stage"]): int(row["position"]) for row in company.tables["stages"]}
    seen: Counter[str] = Counter()
    for deal_id, deal in company.deals.items():
        stages = [stage for _, stage in company.history[deal_id]]
        places = [positions[deal["pipeline"], stage] for stage in stages if stage != "Lost"]
        seen["again"] += len(set(stages)) < len(stages)
        seen["reopened"] += "Lost" in stages[:-1]
        seen["skipped"] += any(b - a > 1 for a, b in pairwise(places))
    assert seen["again"] > 50
    assert seen["reopened"] > 20
    assert seen["skipped"] > 50


def test_repeat_deals_follow_a_win(company: Company) -> None:
    """The kinds ``new`` and ``repeat`` agree with the account's earlier wins."""
    first_win = company.first_wins()
    for deal in company.deals.values():
        has_won = first_win.get(deal["account_id"], AS_OF) < instant(deal["created_at"])
        if deal["kind"] in ("new", "repeat"):
            assert has_won == (deal["kind"] == "repeat") or instant(deal["created_at"]) > AS_OF


def test_customers_are_won_before_they_subscribe(company: Company) -> None:
    """Whoever has a subscription won a deal before; else an old customer's next deal would seem to be its first."""
    first_win = company.first_wins()
    early = [
        row["subscription_id"]
        for row in company.tables["subscriptions"]
        if row["started_on"] < str(first_win.get(row["account_id"], AS_OF).date())
    ]
    assert early == []


def test_new_customers_are_won_evenly(company: Company) -> None:
    """No quarter wins twice as many new customers as the mean one, and none half as many; most sales are repeats."""
    first_wins = Counter(month_of(closed_at) for closed_at in company.first_wins().values())
    counts = [sum(first_wins[month] for month in quarter) for quarter in QUARTERS]
    mean = sum(counts) / len(counts)
    assert 14 <= mean <= 24
    assert mean / 2 < min(counts) < max(counts) < 2 * mean
    won = Counter(month_of(closed_at) for _, closed_at in company.closed("won"))
    for quarter in QUARTERS:
        assert 0.60 <= 1 - sum(first_wins[m] for m in quarter) / sum(won[m] for m in quarter) <= 0.90, quarter[0]


def test_history_before_the_period(company: Company) -> None:
    """The year before has all closed deals, won as often as later; of older ones only first purchases are left."""
    year = datetime(2023, 7, 1)
    first_win = company.first_wins()
    old = [(deal, at) for outcome in ("won", "lost") for deal, at in company.closed(outcome, since=datetime.min)]
    old = [(deal, at) for deal, at in old if at < PERIOD_START]
    for deal, at in old:
        assert len(company.history[deal["deal_id"]]) == 2
        assert at >= year or first_win[deal["account_id"]] == at
    outcomes = Counter(deal["outcome"] for deal, at in old if at >= year)
    assert 500 < outcomes.total() < 750
    assert 0.35 < outcomes["won"] / outcomes.total() < 0.46


def test_nobody_sells_before_the_first_day_or_after_the_last(company: Company) -> None:
    """Deals, meetings and subscriptions belong to somebody who worked there when they were closed, held and sold."""
    employed = {row["rep_id"]: (row["hired_on"], row["left_on"] or "9") for row in company.tables["reps"]}
    days = [(deal["rep_id"], str(at.date())) for deal, at in company.closed("won", since=datetime.min)]
    days += [(row["rep_id"], row["scheduled_for"][:10]) for row in company.tables["meetings"] if row["rep_id"]]
    days += [(row["rep_id"], row["started_on"]) for row in company.tables["subscriptions"]]
    assert [(rep, day) for rep, day in days if not employed[rep][0] <= day <= employed[rep][1]] == []


def test_references_and_dirt(company: Company) -> None:
    """Only the documented rows break a rule; ``--dirt`` names each of them."""
    reps = {row["rep_id"] for row in company.tables["reps"]}
    account_ids = [row["account_id"] for row in company.tables["accounts"]]
    rows = company.tables["deals"]
    end = AS_OF.strftime(TIMESTAMP)
    broken = {
        "twice": len(rows) - len({row["deal_id"] for row in rows}),
        "unparsable deal": sum(not is_instant(row["created_at"]) for row in rows),
        "unknown rep": sum(bool(row["rep_id"]) and row["rep_id"] not in reps for row in rows),
        "no rep": sum(not row["rep_id"] for row in rows),
        "won without amount": sum(row["outcome"] == "won" and not row["amount"] for row in rows),
        "future deal": sum(is_instant(r["created_at"]) and r["created_at"] >= end for r in rows),
        "false outcome": sum(
            company.outcomes[deal["pipeline"], company.history[key][-1][1]] != deal["outcome"]
            for key, deal in company.deals.items()
        ),
        "account twice": len(account_ids) - len(set(account_ids)),
        "account date": sum(not is_instant(r["created_at"]) for r in company.tables["accounts"]),
        "unknown deal": len([key for key in company.history if key not in company.deals]),
        "early change": sum(
            company.history[key][0][0] < instant(deal["created_at"]) for key, deal in company.deals.items()
        ),
        "unknown account": sum(row["account_id"] not in account_ids for row in rows),
        "unknown product": sum(row["product_id"] not in company.products for row in rows),
    }
    expected = dict.fromkeys(broken, 1)
    expected |= {"won without amount": 2, "unknown account": 0, "unknown product": 0}
    assert broken == expected
    assert len(generator("--dirt").stdout.splitlines()) == 26


# --- the figures ---------------------------------------------------------------------------


def test_win_rates(company: Company) -> None:
    """New business is won at about 30 %, renewals at about 75 %."""
    for pipeline, low, high in (("new_business", 0.25, 0.35), ("renewal", 0.70, 0.82)):
        won = len(list(company.closed("won", pipeline)))
        lost = len(list(company.closed("lost", pipeline)))
        assert low <= won / (won + lost) <= high, pipeline


def test_sales_cycle(company: Company) -> None:
    """New business takes 40 to 70 days to win, and longer to lose."""
    cycle = mean_days(company.closed("won", "new_business"))
    assert 40 <= cycle <= 70
    assert mean_days(company.closed("lost", "new_business")) > cycle


def test_attainment_by_month(company: Company) -> None:
    """About half of the reps reach their quota in a month; a few slow months have fewer."""
    shares = {month: company.attainment([month]) for month in MONTHS}
    assert len([month for month, share in shares.items() if not 0.45 <= share <= 0.65]) <= 3
    assert all(0.35 < share < 0.70 for share in shares.values())


def test_attainment_by_longer_period(company: Company) -> None:
    """Over a quarter or a year more reps reach their quota than in a month."""
    for quarter in QUARTERS:
        assert 0.55 <= company.attainment(quarter) <= 0.75, quarter[0]
    for year in YEARS:
        assert 0.60 <= company.attainment(year) <= 0.90, year[0]


def multiplier(company: Company, months: list[date]) -> float:
    """Return the open amount at the end of some months, in terms of their quota."""
    quota = sum(value for (_, month), value in company.quotas().items() if month in months)
    return company.open_amount(datetime.combine(later(months[-1], 1), datetime.min.time())) / quota


def test_pipeline_multiplier(company: Company) -> None:
    """The open amount at a quarter's end is about three times its quota; less when a year's deals are done."""
    shares = {quarter[0]: multiplier(company, quarter) for quarter in QUARTERS}
    assert all(1.6 <= share <= 4.2 for share in shares.values())
    assert sum(3.0 <= share <= 4.0 for share in shares.values()) >= 3
    assert all(share < 2.7 for quarter, share in shares.items() if quarter.month == 10)


def test_pipeline_multiplier_by_month(company: Company) -> None:
    """A month's quota is covered many times over, but not that of the month in which the year's deals are done."""
    shares = {month: multiplier(company, [month]) for month in MONTHS}
    healthy = [month for month, share in shares.items() if 3.0 <= share <= 4.0]
    assert healthy
    assert {month.month for month in healthy} == {12}
    assert sum(share > 4.0 for share in shares.values()) > 18


def test_season(company: Company) -> None:
    """Quarter-ends and December are high, August is low."""
    revenue = monthly(company)
    ends = [month for month in MONTHS if month.month % 3 == 0]
    others = [month for month in MONTHS if month.month % 3]
    mean_end = sum(revenue[month] for month in ends) / len(ends)
    assert mean_end > 1.25 * sum(revenue[month] for month in others) / len(others)
    by_month: Counter[int] = Counter()
    for month, value in revenue.items():
        by_month[month.month] += value
    assert by_month.most_common(1)[0][0] == 12
    assert by_month[8] < min(by_month[7], by_month[9])


def test_growth(company: Company) -> None:
    """The second year brings 10 to 25 % more than the first."""
    revenue = list(monthly(company).values())
    assert 0.10 <= sum(revenue[12:]) / sum(revenue[:12]) - 1 <= 0.25


def test_open_deals_form_a_bell(company: Company) -> None:
    """Most open deals stand in the middle: neither just begun nor nearly done."""
    probability = {(row["pipeline"], row["stage"]): Decimal(row["probability"]) for row in company.tables["stages"]}
    places = [probability[deal["pipeline"], stage] for deal, stage in company.open_deals(AS_OF)]
    low, high = Decimal("0.25"), Decimal("0.75")
    assert sum(low <= place < high for place in places) / len(places) > 0.5


def test_working_hours(company: Company) -> None:
    """Most things happen on weekdays and in business hours."""
    times = [instant(row["entered_at"]) for row in company.tables["deal_stage_changes"]]
    assert sum(time.weekday() < 5 for time in times) / len(times) > 0.95
    assert sum(8 <= time.hour < 18 for time in times) / len(times) > 0.90


def test_rates_reach_back_to_the_first_deal(company: Company) -> None:
    """Every month from a year before the period on has a rate for every foreign currency, and every earlier year."""
    first = min(instant(deal["created_at"]) for deal in company.deals.values())
    wanted = [date(year, 1, 1) for year in range(first.year, 2024)] + [later(MONTHS[0], -12 + n) for n in range(36)]
    for month in wanted:
        assert ("EUR", month) in company.rates
        assert ("GBP", month) in company.rates


# --- how the new entities hang together -----------------------------------------------------

# Entity, column, the entity that it points to, and how many rows point nowhere (on purpose).
REFERENCES = [
    ("leads", "rep_id", "reps", 0),
    ("leads", "generated_by_rep_id", "reps", 0),
    ("leads", "account_id", "accounts", 0),
    ("deals", "lead_id", "leads", 0),
    ("activities", "rep_id", "reps", 0),
    ("activities", "lead_id", "leads", 0),
    ("activities", "deal_id", "deals", 1),
    ("emails", "rep_id", "reps", 0),
    ("emails", "lead_id", "leads", 0),
    ("calls", "rep_id", "reps", 0),
    ("calls", "lead_id", "leads", 0),
    ("calls", "deal_id", "deals", 0),
    ("meetings", "rep_id", "reps", 0),
    ("meetings", "lead_id", "leads", 1),
    ("meetings", "deal_id", "deals", 0),
    ("meetings", "account_id", "accounts", 0),
    ("quotes", "deal_id", "deals", 0),
    ("quotes", "product_id", "products", 0),
    ("pixel_events", "session_id", "sessions", 0),
    ("orders", "account_id", "accounts", 0),
    ("orders", "deal_id", "deals", 0),
    ("orders", "session_id", "sessions", 0),
    ("orders", "rep_id", "reps", 0),
    ("order_lines", "order_id", "orders", 1),
    ("order_lines", "product_id", "products", 1),
    ("subscriptions", "account_id", "accounts", 0),
    ("subscriptions", "rep_id", "reps", 0),
    ("subscriptions", "product_id", "products", 0),
    ("competitor_prices", "product_id", "products", 0),
    ("products", "predecessor_product_id", "products", 0),
]
# In each pair the second cannot come before the first.
ORDER_OF_TIMES = [
    ("leads", "created_at", "mql_at"),
    ("leads", "created_at", "qualified_at"),
    ("leads", "mql_at", "qualified_at"),
    ("leads", "qualified_at", "disqualified_at"),
    ("emails", "sent_at", "delivered_at"),
    ("emails", "sent_at", "bounced_at"),
    ("emails", "delivered_at", "first_opened_at"),
    ("emails", "first_opened_at", "first_clicked_at"),
    ("emails", "first_opened_at", "replied_at"),
    ("meetings", "booked_at", "scheduled_for"),
    ("quotes", "sent_at", "decided_at"),
    ("subscriptions", "started_on", "ended_on"),
]
KEYS = {entity: columns.split()[0] for entity, columns in COLUMNS.items()}


@pytest.mark.parametrize(("entity", "column", "target", "orphans"), REFERENCES)
def test_keys_meet(company: Company, entity: str, column: str, target: str, orphans: int) -> None:
    """A key points to a row, save for the documented ones; and the column is used."""
    known = {row[KEYS[target]] for row in company.tables[target]}
    used = [row[column] for row in company.tables[entity] if row[column]]
    assert used
    assert sum(key not in known for key in used) == orphans


@pytest.mark.parametrize(("entity", "first", "second"), ORDER_OF_TIMES)
def test_times_are_in_order(company: Company, entity: str, first: str, second: str) -> None:
    """What follows from something does not come before it."""
    pairs = [(row[first], row[second]) for row in company.tables[entity] if row[first] and row[second]]
    assert len(pairs) > 10
    assert [pair for pair in pairs if pair[1] < pair[0]] == []


def test_nothing_happens_after_the_demo(company: Company) -> None:
    """Only meetings that are booked lie ahead, and the deal of the future."""
    late = []
    for entity, columns in COLUMNS.items():
        for column in columns.split():
            if column.endswith(("_at", "_on", "_for")) and column != "expected_close_on":
                late += [(entity, column) for row in company.tables[entity] if "2026-07" <= row[column] < "3"]
    assert Counter(late) == {
        ("meetings", "scheduled_for"): late.count(("meetings", "scheduled_for")),
        ("deals", "created_at"): 1,
        ("deal_stage_changes", "entered_at"): 1,
    }
    assert late.count(("meetings", "scheduled_for")) > 3


def test_dirt_of_leads_and_web(company: Company) -> None:
    """The rows of the newer entities that break a rule are the documented ones."""
    tables = company.tables
    lists = {
        ("activities", "kind"): {"call", "email", "meeting", "note", "task"},
        ("activities", "direction"): {"outbound", "inbound", ""},
        ("calls", "outcome"): {"closed", "not_closed"},
        ("meetings", "status"): {"scheduled", "held", "no_show", "cancelled"},
        ("meetings", "kind"): {"discovery", "demo", "follow_up", ""},
        ("quotes", "status"): {"open", "accepted", "rejected", "expired"},
        ("leads", "origin"): {"marketing", "sales", "partner"},
        ("brand_mentions", "sentiment"): {"positive", "neutral", "negative", ""},
        ("subscriptions", "kind"): {"new", "renewal", "upsell", "downgrade", "reactivation"},
        ("acquisition_costs", "kind"): {"marketing", "sales"},
    }
    outside = {place: sum(row[place[1]] not in known for row in tables[place[0]]) for place, known in lists.items()}
    assert {place for place, count in outside.items() if count} == {
        ("activities", "kind"),
        ("calls", "outcome"),
        ("brand_mentions", "sentiment"),
    }
    assert max(outside.values()) == 1
    assert sum(not row["score"].isdigit() for row in tables["leads"] if row["score"]) == 1
    assert sum(not row["clicks"].isdigit() for row in tables["ad_spend"]) == 1
    assert sum(bool(row["first_opened_at"]) and not is_instant(row["first_opened_at"]) for row in tables["emails"]) == 1
    twice = {}
    for entity in set(COLUMNS) - {"stages", "deal_stage_changes", "quotas", "exchange_rates", "competitor_prices"}:
        keys = [row[KEYS[entity]] for row in tables[entity]]
        twice[entity] = len(keys) - len(set(keys))
    assert {entity for entity, count in twice.items() if count} == {"accounts", "deals", "leads", "sessions"}


# --- leads and the contacts with them -------------------------------------------------------


class Leads:
    """The leads with what became of them."""

    def __init__(self, company: Company) -> None:
        """Find each lead's deals and its first outbound contact."""
        self.rows = {row["lead_id"]: row for row in company.tables["leads"]}
        self.deals: dict[str, list[Row]] = {}
        for deal in company.deals.values():
            if deal["lead_id"]:
                self.deals.setdefault(deal["lead_id"], []).append(deal)
        lead_of = {deal["deal_id"]: deal["lead_id"] for deal in company.deals.values()}
        self.contacted: dict[str, datetime] = {}
        for row in company.tables["activities"]:
            lead_id = row["lead_id"] or lead_of.get(row["deal_id"], "")
            if lead_id and row["direction"] == "outbound" and row["kind"] in ("call", "email", "meeting"):
                at = instant(row["occurred_at"])
                self.contacted[lead_id] = min(self.contacted.get(lead_id, AS_OF), at)

    def share(self, is_so: Callable[[Row], object], among: Callable[[Row], object] = bool) -> float:
        """Return the share of leads that are so, among some."""
        rows = [row for row in self.rows.values() if among(row)]
        return sum(bool(is_so(row)) for row in rows) / len(rows)

    def has_deal(self, row: Row) -> bool:
        """Return whether the lead became a deal."""
        return row["lead_id"] in self.deals

    def is_customer(self, row: Row) -> bool:
        """Return whether one of its deals was won."""
        return any(deal["outcome"] == "won" for deal in self.deals.get(row["lead_id"], []))


@pytest.fixture(scope="module")
def leads(company: Company) -> Leads:
    """Return the leads."""
    return Leads(company)


def test_leads(leads: Leads) -> None:
    """About a third are qualified, fewer become deals, few of these customers; origins differ."""
    assert 0.30 <= leads.share(lambda row: row["qualified_at"]) <= 0.40
    assert 0.17 <= leads.share(leads.has_deal) <= 0.30
    assert 0.04 <= leads.share(leads.is_customer) <= 0.10
    marketing = leads.share(lambda row: row["qualified_at"], lambda row: row["origin"] == "marketing")
    partner = leads.share(lambda row: row["qualified_at"], lambda row: row["origin"] == "partner")
    assert marketing < 0.35 < partner
    provided = leads.share(leads.is_customer, lambda row: row["is_provided"] == "true")
    assert provided < leads.share(leads.is_customer, lambda row: row["is_provided"] == "false")
    assert 0 < leads.share(lambda row: not row["is_provided"]) < 0.05


def test_deals_come_after_their_lead(leads: Leads) -> None:
    """A lead is created, answered and qualified before it becomes a deal with its account."""
    for lead_id, deals in leads.deals.items():
        lead = leads.rows[lead_id]
        first = min(deal["created_at"] for deal in deals)
        assert lead["created_at"] < first
        assert leads.contacted[lead_id] < instant(first)
        assert lead["qualified_at"] <= first
        assert {deal["account_id"] for deal in deals} == {lead["account_id"]}
        assert {deal["kind"] for deal in deals} == {"new"}


def test_response_time(leads: Leads) -> None:
    """Most leads are answered within hours, some after days, some never."""
    hours = sorted(
        max(0.0, (leads.contacted[key] - instant(row["created_at"])).total_seconds() / 3600)
        for key, row in leads.rows.items()
        if key in leads.contacted
    )
    assert 1.5 <= hours[len(hours) // 2] <= 6
    assert hours[int(len(hours) * 0.9)] > 36
    assert 0.03 <= 1 - len(hours) / len(leads.rows) <= 0.10


def test_lead_quotas(company: Company) -> None:
    """What was asked for is about what came: some people bring more, some less."""
    asked: Counter[str] = Counter()
    for row in company.tables["quotas"]:
        if row["kind"] == "leads":
            asked[row["rep_id"]] += int(row["target"])
    brought = Counter(row["generated_by_rep_id"] for row in company.tables["leads"])
    assert 0.85 <= sum(brought.values()) / sum(asked.values()) <= 1.15
    shares = [brought[person] / asked[person] for person in asked]
    assert min(shares) < 0.95
    assert max(shares) > 1.05


def test_activities(company: Company) -> None:
    """Contacts belong to a lead or a deal, and to somebody who worked there at the time."""
    employed = {row["rep_id"]: (row["hired_on"], row["left_on"] or "9") for row in company.tables["reps"]}
    seen: Counter[str] = Counter()
    for row in company.tables["activities"]:
        assert bool(row["lead_id"]) != bool(row["deal_id"])
        assert (row["direction"] == "") == (row["kind"] in ("note", "task"))
        if row["rep_id"]:
            hired_on, left_on = employed[row["rep_id"]]
            assert hired_on <= row["occurred_at"][:10] <= left_on
        seen[row["kind"]] += 1
    assert min(seen[kind] for kind in ("call", "email", "meeting", "note", "task")) > 150


@pytest.mark.parametrize("at", [datetime(2025, 1, 1), datetime(2025, 10, 1), AS_OF])
def test_last_contact(company: Company, at: datetime) -> None:
    """Most open deals have been heard of within two weeks; not all."""
    last: dict[str, datetime] = {}
    for row in company.tables["activities"]:
        if row["kind"] not in ("note", "task") and row["deal_id"] and instant(row["occurred_at"]) < at:
            last[row["deal_id"]] = max(last.get(row["deal_id"], datetime.min), instant(row["occurred_at"]))
    days = [(at - last.get(deal["deal_id"], instant(deal["created_at"]))).days for deal, _ in company.open_deals(at)]
    assert 0.25 <= sum(number > 14 for number in days) / len(days) <= 0.50


def days_since_contact(company: Company, leads: Leads, at: datetime) -> list[int]:
    """Return the days since the last contact with every open deal and every live lead without a deal."""
    last: dict[str, datetime] = {}
    for row in company.tables["activities"]:
        if row["kind"] in ("call", "email", "meeting") and instant(row["occurred_at"]) < at:
            key = row["lead_id"] or row["deal_id"]
            last[key] = max(last.get(key, datetime.min), instant(row["occurred_at"]))
    since = [last.get(deal["deal_id"], instant(deal["created_at"])) for deal, _ in company.open_deals(at)]
    for key, row in leads.rows.items():
        first_deal = min((instant(deal["created_at"]) for deal in leads.deals.get(key, [])), default=AS_OF)
        dropped = instant(row["disqualified_at"]) if row["disqualified_at"] else AS_OF
        if instant(row["created_at"]) < at <= min(first_deal, dropped):
            since.append(last.get(key, instant(row["created_at"])))
    return [(at - when).days for when in since]


def test_leads_come_to_an_end(company: Company, leads: Leads) -> None:
    """Leads do not pile up: what nobody talks to is dropped, so that the mean days since a contact stay level."""
    means = []
    for quarter in QUARTERS:
        days = days_since_contact(company, leads, datetime.combine(later(quarter[0], 3), datetime.min.time()))
        means.append(sum(days) / len(days))
        assert max(days) < 260, quarter[0]
    assert any(after < before for before, after in pairwise(means))
    assert max(means) < 1.8 * min(means)


def test_emails(company: Company) -> None:
    """Personal e-mails are read and answered more than bulk ones; some of each type bounce."""
    by_type: dict[str, list[Row]] = {}
    for row in company.tables["emails"]:
        assert not (row["delivered_at"] and row["bounced_at"])
        by_type.setdefault(row["email_type"], []).append(row)
    assert set(by_type) == {"outreach", "follow_up", "newsletter", "promotion"}

    def rate(email_type: str, column: str, among: str = "delivered_at") -> float:
        rows = [row for row in by_type[email_type] if row[among]]
        return sum(bool(row[column]) for row in rows) / len(rows)

    for email_type, low, high in (
        ("outreach", 0.35, 0.55),
        ("follow_up", 0.45, 0.65),
        ("newsletter", 0.18, 0.32),
        ("promotion", 0.12, 0.30),
    ):
        assert low <= rate(email_type, "first_opened_at") <= high, email_type
        assert 0.003 <= rate(email_type, "bounced_at", "sent_at") <= 0.07, email_type
        assert 0.02 <= rate(email_type, "first_clicked_at") <= 0.15, email_type
    assert rate("follow_up", "replied_at") > rate("outreach", "replied_at") > 5 * rate("newsletter", "replied_at")
    assert len({row["campaign"] for row in by_type["promotion"]}) == 5


def test_meetings(company: Company) -> None:
    """About a third of the presentations are no-shows, fewer of the follow-ups; reps differ."""
    kept: dict[str, list[bool]] = {}
    for row in company.tables["meetings"]:
        if row["status"] in ("held", "no_show"):
            kept.setdefault(row["kind"], []).append(row["status"] == "held")
            if row["kind"] != "follow_up":
                kept.setdefault(row["rep_id"], []).append(row["status"] == "held")
    share = {key: sum(values) / len(values) for key, values in kept.items()}
    assert 0.62 <= share["discovery"] <= 0.75
    assert 0.62 <= share["demo"] <= 0.75
    assert share["follow_up"] > 0.8
    reps = [share[rep["rep_id"]] for rep in company.tables["reps"] if len(kept.get(rep["rep_id"], [])) > 40]
    assert min(reps) < 0.60 < 0.75 < max(reps)
    statuses = Counter(row["status"] for row in company.tables["meetings"])
    assert 0.04 <= statuses["cancelled"] / statuses.total() <= 0.12


def test_calls(company: Company) -> None:
    """Some calls are closed, more cannot be won, and some are dropped although they could be."""
    calls = [row for row in company.tables["calls"] if row["outcome"] in ("closed", "not_closed")]
    closed = sum(row["outcome"] == "closed" for row in calls) / len(calls)
    hopeless = sum(row["outcome"] == "not_closed" and row["is_winnable"] == "false" for row in calls) / len(calls)
    assert 0.22 <= closed <= 0.35
    assert 0.35 <= hopeless <= 0.55
    assert not [row for row in calls if row["outcome"] == "closed" and row["is_winnable"]]
    assert [row for row in calls if row["outcome"] == "not_closed" and not row["is_winnable"]]


def test_quotes(company: Company) -> None:
    """A third of the quotes are accepted, one for each deal that was won by a quote."""
    quotes = company.tables["quotes"]
    accepted = [row for row in quotes if row["status"] == "accepted"]
    assert 0.30 <= len(accepted) / len(quotes) <= 0.40
    assert len({row["deal_id"] for row in accepted}) == len(accepted)
    won = {deal["deal_id"] for deal, _ in company.closed("won", "new_business")}
    assert {row["deal_id"] for row in accepted} <= won
    assert all(bool(row["decided_at"]) == (row["status"] != "open") for row in quotes if row["status"] != "accepted")
    assert {row["status"] for row in quotes} == {"open", "accepted", "rejected", "expired"}


# --- the web and its shop -------------------------------------------------------------------


def line_value(row: Row, refunded: bool = True) -> Decimal:
    """Return what an order line brings, after refunds or before them."""
    value = Decimal(row["quantity"]) * Decimal(row["unit_price"]) - Decimal(row["discount"] or 0)
    return value - Decimal(row["refunded_amount"] or 0) if refunded else value


def order_values(company: Company, refunded: bool = True) -> dict[str, Decimal]:
    """Return what each order brings."""
    values: dict[str, Decimal] = {}
    for row in company.tables["order_lines"]:
        values[row["order_id"]] = values.get(row["order_id"], Decimal(0)) + line_value(row, refunded)
    return values


def test_sessions(company: Company) -> None:
    """Four channels, several landing pages; some visitors come back, and some become leads."""
    sessions = company.tables["sessions"]
    channels = Counter(row["channel"] for row in sessions)
    assert set(channels) == {"organic", "paid_search", "paid_social", "display"}
    assert min(channels.values()) > 400
    assert len({row["landing_page"] for row in sessions}) >= 6
    started: dict[str, list[datetime]] = {}
    for row in sessions:
        started.setdefault(row["visitor_id"], []).append(instant(row["started_at"]))
    assert 0.05 < sum(len(times) > 1 for times in started.values()) / len(started) < 0.30
    known = [row for row in company.tables["leads"] if row["visitor_id"]]
    assert 0.03 <= len(known) / len(started) <= 0.12
    for row in known:
        assert min(started[row["visitor_id"]]) <= instant(row["created_at"])


def test_orders_in_sessions(company: Company) -> None:
    """The shop's orders are placed in sessions, after their start; they name no channel of their own."""
    sessions = {row["session_id"]: row for row in company.tables["sessions"]}
    placed = [row for row in company.tables["orders"] if row["session_id"]]
    assert 0.04 <= len(placed) / len(sessions) <= 0.09
    for row in placed:
        minutes = (instant(row["ordered_at"]) - instant(sessions[row["session_id"]]["started_at"])).total_seconds() / 60
        assert 0 < minutes < 60
        assert (row["deal_id"], row["channel"]) == ("", "")
    assert 0.15 < sum(not row["account_id"] for row in placed) / len(placed) < 0.40


def test_pixel(company: Company) -> None:
    """The events narrow from views to purchases, and every purchase bears its order's value."""
    sessions: dict[str, set[str]] = {}
    for row in company.tables["pixel_events"]:
        sessions.setdefault(row["event_name"], set()).add(row["session_id"])
        assert bool(row["value"]) == (row["event_name"] == "Purchase")
    funnel = [sessions[name] for name in ("ViewContent", "AddToCart", "InitiateCheckout", "Purchase")]
    assert all(after < before for before, after in pairwise(funnel))
    shares = [len(after) / len(before) for before, after in pairwise(funnel)]
    assert 0.2 < shares[0] < 0.5 < shares[2] < 0.75


def test_not_all_advertising_earns(company: Company) -> None:
    """A session that came by Google is worth more than its click, one by Facebook less."""
    values = order_values(company)
    value_of = {row["session_id"]: values[row["order_id"]] for row in company.tables["orders"] if row["session_id"]}
    sessions: Counter[str] = Counter()
    revenue: Counter[str] = Counter()
    for row in company.tables["sessions"]:
        sessions[row["channel"]] += 1
        revenue[row["channel"]] += int(100 * value_of.get(row["session_id"], 0))
    cost: Counter[str] = Counter()
    clicks: Counter[str] = Counter()
    for row in company.tables["ad_spend"]:
        day = date.fromisoformat(row["spent_on"])
        cost[row["channel"]] += int(100 * company.usd(Decimal(row["cost"]), row["currency"], day))
        clicks[row["channel"]] += int(row["clicks"]) if row["clicks"].isdigit() else 0
    margin = {
        channel: revenue[channel] / sessions[channel] - cost[channel] / clicks[channel]
        for channel in ("paid_search", "paid_social")
    }
    assert margin["paid_search"] > 0 > margin["paid_social"]
    assert {row["platform"] for row in company.tables["ad_spend"]} == {"Google", "Facebook", "AdRoll"}
    assert all(0.8 < clicks[channel] / sessions[channel] < 1.6 for channel in clicks)


def test_orders_of_deals(company: Company) -> None:
    """Every won deal with an amount has an order, whose lines sum to that amount."""
    values = order_values(company, refunded=False)
    ordered = {row["deal_id"]: values[row["order_id"]] for row in company.tables["orders"] if row["deal_id"]}
    won = {deal["deal_id"]: deal for deal, _ in company.closed("won")}
    assert set(ordered) == set(won)
    differing = [key for key, deal in won.items() if deal["amount"] and Decimal(deal["amount"]) != ordered[key]]
    assert differing == []


def test_margin_and_refunds(company: Company) -> None:
    """Products earn between a quarter and two thirds of their price; a few per cent of the shop is sent back."""
    shop = {row["order_id"] for row in company.tables["orders"] if row["session_id"]}
    revenue: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    refunds, sold = Decimal(0), Decimal(0)
    for row in company.tables["order_lines"]:
        if row["order_id"] in shop:
            refunds += Decimal(row["refunded_amount"] or 0)
            sold += line_value(row, refunded=False)
        if row["product_id"] in company.products:
            unit_cost = Decimal(row["unit_cost"] or company.products[row["product_id"]]["unit_cost"])
            revenue[row["product_id"]] += int(line_value(row))
            cost[row["product_id"]] += int(unit_cost * Decimal(row["quantity"]))
    assert set(revenue) == set(company.products)
    assert all(0.20 < 1 - cost[key] / revenue[key] < 0.67 for key in revenue)
    assert 0.01 < refunds / sold < 0.10
    assert any(row["refunded_at"] for row in company.tables["order_lines"] if row["order_id"] not in shop)


def test_new_lamps_take_from_the_old(company: Company) -> None:
    """A successor's sales come partly from what its predecessor loses."""
    day_of = {row["order_id"]: row["ordered_at"][:10] for row in company.tables["orders"]}
    for old, new in (("P-06", "P-08"), ("P-15", "P-16")):
        launch = date.fromisoformat(company.products[new]["launched_on"])
        assert company.products[new]["predecessor_product_id"] == old
        before, after = Counter[str](), Counter[str]()
        for row in company.tables["order_lines"]:
            day = day_of.get(row["order_id"], "")
            if str(later(launch, -6)) <= day < str(launch.replace(day=1)):
                before[row["product_id"]] += int(row["quantity"])
            if str(later(launch, 1)) <= day < str(later(launch, 7)):
                after[row["product_id"]] += int(row["quantity"])
        assert before[new] == 0 < after[new]
        assert after[old] < before[old]


def test_successor_takes_a_part_of_its_sales_from_its_predecessor(company: Company) -> None:
    """Enough of both are sold in every quarter to say how much: some of it, and not nearly all."""
    day_of = {row["order_id"]: row["ordered_at"][:10] for row in company.tables["orders"]}
    sold: dict[tuple[str, date], list[Decimal]] = {}
    for row in company.tables["order_lines"]:
        if row["product_id"] in ("P-06", "P-08") and row["order_id"] in day_of:
            month = month_of(date.fromisoformat(day_of[row["order_id"]]))
            sold.setdefault((row["product_id"], month), []).append(line_value(row))

    def sales(product: str, months: list[date]) -> list[Decimal]:
        return [value for month in months for value in sold.get((product, month), [])]

    launch = month_of(date.fromisoformat(company.products["P-08"]["launched_on"]))
    before = sales("P-06", [later(launch, -number) for number in (3, 2, 1)])
    assert len(before) >= 12
    for quarter in [quarter for quarter in QUARTERS if quarter[0] > launch]:
        old, new = sales("P-06", quarter), sales("P-08", quarter)
        assert min(len(old), len(new)) >= 5, quarter[0]
        assert 0.1 < (sum(before) - sum(old)) / sum(new) < 0.9, quarter[0]


# --- subscriptions, costs and the market ----------------------------------------------------


def active_accounts(company: Company, day: date) -> set[str]:
    """Return the accounts with a subscription that ran on the day before ``day``."""
    return {
        row["account_id"]
        for row in company.tables["subscriptions"]
        if row["started_on"] < str(day) and (not row["ended_on"] or row["ended_on"] >= str(day))
    }


def test_subscriptions(company: Company) -> None:
    """Customers grow in number although one to two per cent leave in a month; terms are of every kind."""
    months = [*MONTHS, later(MONTHS[-1], 1)]
    active = [active_accounts(company, month) for month in months]
    assert len(active[0]) > 80
    assert len(active[-1]) > 1.2 * len(active[0])
    lost = sum(len(before - after) for before, after in pairwise(active))
    assert 0.008 <= lost / sum(len(accounts) for accounts in active[:-1]) <= 0.025
    kinds = Counter(row["kind"] for row in company.tables["subscriptions"])
    assert min(kinds.values()) >= 5
    assert all(Decimal(row["mrr"]) > 0 for row in company.tables["subscriptions"])


def test_churn_differs_by_rep(company: Company) -> None:
    """Some sellers keep every customer of a year, others lose more than a quarter of theirs."""
    first: dict[str, tuple[str, str]] = {}
    for row in company.tables["subscriptions"]:
        key = row["account_id"]
        first[key] = min(first.get(key, ("9", "")), (row["started_on"], row["rep_id"]))
    before, after = active_accounts(company, date(2025, 7, 1)), active_accounts(company, date(2026, 7, 1))
    held = Counter(first[key][1] for key in before)
    lost = Counter(first[key][1] for key in before - after)
    shares = [lost[rep] / held[rep] for rep in held if held[rep] >= 5]
    assert min(shares) == 0
    assert max(shares) > 0.25


def test_renewed_contracts_run_on(company: Company) -> None:
    """A renewal begins on the day on which the account's former term ends."""
    ends = {(row["account_id"], row["ended_on"]) for row in company.tables["subscriptions"]}
    renewals = [row for row in company.tables["subscriptions"] if row["kind"] == "renewal"]
    assert len(renewals) > 100
    assert [row for row in renewals if (row["account_id"], row["started_on"]) not in ends] == []


def test_costs_of_acquisition(company: Company) -> None:
    """Every month has costs of marketing and of sales, and a new customer costs thousands, not hundreds.

    They begin a year before the period: a figure of the trailing 12 months sets them against that year's customers.
    """
    seen = {(row["incurred_on"][:7], row["kind"]) for row in company.tables["acquisition_costs"]}
    assert len(seen) == 2 * (12 + len(MONTHS))
    last_year = str(MONTHS[12])
    total = sum(
        company.usd(Decimal(row["amount"]), row["currency"], date.fromisoformat(row["incurred_on"]))
        for row in company.tables["acquisition_costs"]
        if row["incurred_on"] >= last_year
    )
    new_customers = sum(str(closed_at.date()) >= last_year for closed_at in company.first_wins().values())
    assert 5_000 < total / new_customers < 20_000


def test_competitor_prices(company: Company) -> None:
    """Three competitors, one dearer than the company, were watched over the whole time."""
    premiums: dict[str, list[Decimal]] = {}
    for row in company.tables["competitor_prices"]:
        product = company.products[row["product_id"]]
        assert row["currency"] == product["currency"]
        premiums.setdefault(row["competitor"], []).append(Decimal(product["list_price"]) / Decimal(row["price"]) - 1)
    means = sorted(sum(values) / len(values) for values in premiums.values())
    assert len(means) == 3
    assert means[0] < 0 < means[1]
    assert len({row["product_id"] for row in company.tables["competitor_prices"]}) >= 6
    assert len({row["observed_on"][:7] for row in company.tables["competitor_prices"]}) == len(MONTHS)


def test_brand_mentions(company: Company) -> None:
    """People mostly speak well of the brand, but not when its new lamps broke."""
    moods: dict[str, Counter[str]] = {}
    for row in company.tables["brand_mentions"]:
        moods.setdefault(row["mentioned_at"][:7], Counter())[row["sentiment"]] += 1
    bad = {month for month, mood in moods.items() if mood["negative"] > mood["positive"]}
    assert {"2025-11", "2025-12"} <= bad
    assert len(bad) <= 5
    assert len(moods) == len(MONTHS)
    assert len({row["platform"] for row in company.tables["brand_mentions"]}) == 6
    assert all(int(row["reach"]) >= 0 for row in company.tables["brand_mentions"])


def test_goals() -> None:
    """Five goals, each measured by three to seven KPIs, in the order of their positions."""
    with (ROOT / "seeds" / "goals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kpis = Counter(row["goal"] for row in rows)
    assert len(kpis) == 5
    assert all(3 <= count <= 7 for count in kpis.values())
    assert len({(row["goal"], row["kpi_id"]) for row in rows}) == len(rows)
    assert [int(row["position"]) for row in rows] == list(range(1, len(rows) + 1))
