"""The demo company: its files are what the generator makes, and its figures are plausible."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "seeds" / "demo"
AS_OF = datetime(2026, 7, 1)
FIRST_MONTH = date(2024, 7, 1)
MAX_BYTES = 900_000

COLUMNS = {
    "reps": "rep_id rep_name team manager_id region hired_on left_on",
    "accounts": "account_id account_name segment industry country region owner_rep_id created_at",
    "products": "product_id product_name product_line predecessor_product_id launched_on list_price unit_cost currency",
    "stages": "pipeline stage position probability outcome is_qualified",
    "deals": "deal_id created_at pipeline stage outcome rep_id account_id lead_id product_id "
    "channel campaign kind amount currency expected_close_on closed_at lost_reason rationale_note",
    "deal_stage_changes": "deal_id stage entered_at",
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
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")


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
        """Return an amount in US dollars."""
        return amount if currency == "USD" else amount * self.rates[currency, month_of(day)]

    def state(self, deal_id: str, at: datetime) -> tuple[str, str, datetime] | None:
        """Return (stage, outcome, since) just before ``at``; None before the creation."""
        deal = self.deals[deal_id]
        if instant(deal["created_at"]) >= at:
            return None
        since, stage = [change for change in self.history[deal_id] if change[0] < at][-1]
        return stage, self.outcomes[deal["pipeline"], stage], since

    def closed(self, outcome: str, pipeline: str | None = None) -> Iterator[tuple[Row, datetime]]:
        """Yield the deals with this outcome at the end, and when they were closed."""
        for deal_id, deal in self.deals.items():
            state = self.state(deal_id, AS_OF)
            if state and state[1] == outcome and pipeline in (None, deal["pipeline"]):
                yield deal, state[2]

    def revenue(self) -> Counter[tuple[str, date]]:
        """Return whole dollars won by rep and month."""
        total: Counter[tuple[str, date]] = Counter()
        for deal, closed_at in self.closed("won"):
            amount = Decimal(deal["amount"] or 0)
            value = int(self.usd(amount, deal["currency"], closed_at.date()))
            total[deal["rep_id"], month_of(closed_at)] += value
        return total

    def quotas(self) -> Counter[tuple[str, date]]:
        """Return whole dollars of quota by rep (or team) and month."""
        total: Counter[tuple[str, date]] = Counter()
        for row in self.tables["quotas"]:
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
    assert len({row["team"] for row in reps}) == 4
    assert len({row["region"] for row in reps}) == 3
    assert max(Counter(row["rep_name"] for row in reps).values()) == 2
    assert [row["left_on"][:4] for row in reps if row["left_on"]] == ["2025"]
    assert [row["rep_id"] for row in reps if row["hired_on"].startswith("2025")]
    assert {row["manager_id"] for row in reps if row["manager_id"]} < ids


def test_catalog(company: Company) -> None:
    """Twelve products in three lines, one with a predecessor; two pipelines that share names."""
    products = company.tables["products"]
    assert len(products) == 12
    assert len({row["product_line"] for row in products}) == 3
    assert [row["predecessor_product_id"] for row in products if row["predecessor_product_id"]]
    pipelines = {row["pipeline"] for row in company.tables["stages"]}
    assert pipelines == {"new_business", "renewal"}
    names = Counter(row["stage"] for row in company.tables["stages"])
    assert names["Proposal"] == names["Won"] == names["Lost"] == 2


def test_deals(company: Company) -> None:
    """Enough deals, of every kind, channel and currency, each with a history."""
    deals = list(company.deals.values())
    assert 1500 <= len(deals) <= 1800
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
    first_win: dict[str, datetime] = {}
    for deal, closed_at in company.closed("won"):
        account = deal["account_id"]
        first_win[account] = min(first_win.get(account, AS_OF), closed_at)
    for deal in company.deals.values():
        has_won = first_win.get(deal["account_id"], AS_OF) < instant(deal["created_at"])
        if deal["kind"] in ("new", "repeat"):
            assert has_won == (deal["kind"] == "repeat") or instant(deal["created_at"]) > AS_OF


def test_references_and_dirt(company: Company) -> None:
    """Only the documented rows break a rule; ``--dirt`` names each of them."""
    reps = {row["rep_id"] for row in company.tables["reps"]}
    account_ids = [row["account_id"] for row in company.tables["accounts"]]
    rows = company.tables["deals"]
    end = AS_OF.strftime("%Y-%m-%dT%H:%M:%SZ")
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
    assert len(generator("--dirt").stdout.splitlines()) == 14


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
    """About half of the reps reach their quota in a month; one slow August has fewer."""
    shares = {month: company.attainment([month]) for month in MONTHS}
    outside = [month for month, share in shares.items() if not 0.45 <= share <= 0.65]
    assert outside in ([], [date(2024, 8, 1)])
    assert all(share > 0.35 for share in shares.values())


def test_attainment_by_longer_period(company: Company) -> None:
    """Over a quarter or a year more reps reach their quota than in a month."""
    for quarter in QUARTERS:
        assert 0.55 <= company.attainment(quarter) <= 0.75, quarter[0]
    for year in YEARS:
        assert 0.60 <= company.attainment(year) <= 0.90, year[0]


@pytest.mark.parametrize("quarter", QUARTERS, ids=lambda quarter: str(quarter[0]))
def test_pipeline_multiplier(company: Company, quarter: list[date]) -> None:
    """The open amount at a quarter's end is three to four times its quota."""
    quotas = company.quotas()
    quota = sum(value for (_, month), value in quotas.items() if month in quarter)
    end = datetime.combine(later(quarter[0], 3), datetime.min.time())
    assert 3.0 <= company.open_amount(end) / quota <= 4.0


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
    """Every month from the first deal on has a rate for every foreign currency."""
    first = min(instant(deal["created_at"]) for deal in company.deals.values())
    last = (AS_OF - timedelta(days=1)).date()
    month = month_of(first)
    while month <= last:
        assert ("EUR", month) in company.rates
        assert ("GBP", month) in company.rates
        month = later(month, 1)
