"""The accounts: customers of long before the demo's period, and prospects who appear since shortly before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from .dates import PERIOD_END, at_work, working_day
from .draws import Draws
from .people import AMERICAS, APAC, EMEA, ENTERPRISE, MID_MARKET, SMB, current_owner, territory
from .tables import Row

LEGACY_ACCOUNTS = 66
"""Customers of long before the period: they hold service contracts that come up for renewal."""
PROSPECTS = 172
PROSPECTS_GROWTH = 0.14
"""How much denser than in the middle they appear at the end, and thinner at the beginning."""
SHOP_ACCOUNTS = 130
FIRST_SHOP_NUMBER = 1001
FIRST_SHOP_ACCOUNT_CREATED = date(2022, 1, 3)
FIRST_ACCOUNT_CREATED = date(2019, 5, 1)
LAST_LEGACY_ACCOUNT_CREATED = date(2022, 4, 1)
"""A contract takes a year to come up for renewal."""
FIRST_PROSPECT_CREATED = date(2022, 10, 3)
LAST_PROSPECT_LEAD_DAYS = 21
"""No account appears so late that it has no time for a deal."""

CHANNELS: tuple[tuple[str, float], ...] = (
    ("organic", 0.22),
    ("paid_search", 0.18),
    ("referral", 0.17),
    ("outbound", 0.22),
    ("partner", 0.13),
    ("event", 0.08),
)

_SEGMENTS: tuple[tuple[str, float], ...] = ((SMB, 0.36), (MID_MARKET, 0.42), (ENTERPRISE, 0.22))
_REGIONS: tuple[tuple[str, float], ...] = ((AMERICAS, 0.54), (EMEA, 0.28), (APAC, 0.18))
_COUNTRIES: dict[str, tuple[tuple[str, float], ...]] = {
    AMERICAS: (("United States", 0.78), ("Canada", 0.16), ("Mexico", 0.06)),
    EMEA: (
        ("Germany", 0.28),
        ("United Kingdom", 0.28),
        ("France", 0.16),
        ("Netherlands", 0.12),
        ("Spain", 0.09),
        ("Ireland", 0.07),
    ),
    APAC: (("Australia", 0.46), ("Singapore", 0.24), ("Japan", 0.18), ("New Zealand", 0.12)),
}
_EURO_COUNTRIES = ("Germany", "France", "Netherlands", "Spain", "Ireland")
_INDUSTRIES: tuple[str, ...] = (
    "Food & Beverage",
    "Municipal Utilities",
    "Pharmaceuticals",
    "Chemicals",
    "Hospitality",
    "Mining",
    "Power Generation",
    "Electronics",
)
_NAME_STARTS: tuple[str, ...] = (
    "Alder",
    "Amber",
    "Aspen",
    "Bayside",
    "Birch",
    "Blackwell",
    "Bluestone",
    "Bridgeport",
    "Canyon",
    "Cardinal",
    "Cedar",
    "Clayton",
    "Copper",
    "Coral",
    "Dalton",
    "Delmar",
    "Eastgate",
    "Elm",
    "Fairview",
    "Falcon",
    "Foxglove",
    "Garnet",
    "Granite",
    "Greenfield",
    "Harbor",
    "Hazel",
    "Highland",
    "Ironwood",
    "Juniper",
    "Keystone",
    "Lakeside",
    "Larch",
    "Linden",
    "Maple",
    "Meridian",
    "Mill",
    "Northgate",
    "Oakmont",
    "Orchard",
    "Osprey",
    "Pine",
    "Quarry",
    "Redwood",
    "Ridgeway",
    "Rosewood",
    "Saffron",
    "Silver",
    "Spruce",
    "Sterling",
    "Summit",
    "Thornton",
    "Union",
    "Valley",
    "Westport",
    "Willow",
)
_NAME_ENDS: dict[str, tuple[str, ...]] = {
    "Food & Beverage": ("Foods", "Brewing", "Dairy", "Bottling"),
    "Municipal Utilities": ("Water District", "Utilities", "Waterworks", "County Services"),
    "Pharmaceuticals": ("Pharma", "Biologics", "Labs", "Therapeutics"),
    "Chemicals": ("Chemicals", "Coatings", "Polymers", "Solvents"),
    "Hospitality": ("Hotels", "Resorts", "Leisure", "Spas"),
    "Mining": ("Minerals", "Mining", "Aggregates", "Metals"),
    "Power Generation": ("Power", "Energy", "Generation", "Turbines"),
    "Electronics": ("Microsystems", "Electronics", "Circuits", "Semiconductor"),
}


@dataclass(frozen=True)
class Account:
    """One account, with what the demo knows about it beyond the file."""

    account_id: str
    name: str
    segment: str
    industry: str
    country: str
    region: str
    first_owner_id: str
    created_at: datetime
    channel: str
    is_legacy: bool

    @property
    def currency(self) -> str:
        """Return the currency in which the account buys."""
        if self.country == "United Kingdom":
            return "GBP"
        return "EUR" if self.country in _EURO_COUNTRIES else "USD"


def build_accounts() -> list[Account]:
    """Return the accounts in the order in which they were created."""
    draws = Draws("accounts")
    last = PERIOD_END - timedelta(days=LAST_PROSPECT_LEAD_DAYS)
    spans = (
        (LEGACY_ACCOUNTS, FIRST_ACCOUNT_CREATED, LAST_LEGACY_ACCOUNT_CREATED, True),
        (PROSPECTS, FIRST_PROSPECT_CREATED, last, False),
    )
    births: list[tuple[datetime, bool]] = []
    for count, first, end, is_legacy in spans:
        for index in range(count):
            share = (index + draws.unit()) / count
            if not is_legacy:
                share *= 1.0 + PROSPECTS_GROWTH * (1.0 - share)
            offset = ((end - first).days - 1) * share
            day = working_day(draws, first + timedelta(days=int(offset)))
            births.append((at_work(draws, day), is_legacy))
    births.sort()
    used: dict[str, int] = {}
    accounts = []
    for number, (created_at, is_legacy) in enumerate(births, start=1):
        accounts.append(_build_account(draws, number, created_at, is_legacy, used))
    return accounts


def build_shop_accounts(accounts: list[Account]) -> list[Account]:
    """Return the small companies that buy in the web shop alone; their names are none of ``accounts``."""
    draws = Draws("shop_accounts")
    used = {account.name: 0 for account in accounts}
    days = (PERIOD_END - FIRST_SHOP_ACCOUNT_CREATED).days - LAST_PROSPECT_LEAD_DAYS
    found = []
    for index in range(SHOP_ACCOUNTS):
        offset = int(days * (index + draws.unit()) / SHOP_ACCOUNTS)
        created_at = at_work(draws, working_day(draws, FIRST_SHOP_ACCOUNT_CREATED + timedelta(days=offset)))
        account = _build_account(draws, FIRST_SHOP_NUMBER + index, created_at, False, used)
        owner = draws.weighted(territory(account.region, SMB))
        found.append(replace(account, segment=SMB, first_owner_id=owner))
    return found


def _build_account(draws: Draws, number: int, created_at: datetime, is_legacy: bool, used: dict[str, int]) -> Account:
    """Return one account; ``used`` keeps the names apart."""
    region = draws.weighted(_REGIONS)
    segment = draws.weighted(_SEGMENTS)
    industry = draws.pick(_INDUSTRIES)
    name = f"{draws.pick(_NAME_STARTS)} {draws.pick(_NAME_ENDS[industry])}"
    while name in used:
        name = f"{draws.pick(_NAME_STARTS)} {draws.pick(_NAME_ENDS[industry])}"
    used[name] = number
    return Account(
        account_id=f"A-{number:04d}",
        name=name,
        segment=segment,
        industry=industry,
        country=draws.weighted(_COUNTRIES[region]),
        region=region,
        first_owner_id=draws.weighted(territory(region, segment)),
        created_at=created_at,
        channel=draws.weighted(CHANNELS),
        is_legacy=is_legacy,
    )


def account_rows(accounts: list[Account]) -> list[Row]:
    """Return the table ``accounts``."""
    return [
        {
            "account_id": account.account_id,
            "account_name": account.name,
            "segment": account.segment,
            "industry": account.industry,
            "country": account.country,
            "region": account.region,
            "owner_rep_id": current_owner(account.first_owner_id),
            "created_at": account.created_at,
        }
        for account in accounts
    ]
