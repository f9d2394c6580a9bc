"""The sales force: four teams in three regions, their managers, a leaver and a new hire; and marketing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .dates import PERIOD_END
from .tables import Row

AMERICAS, EMEA, APAC = "Americas", "EMEA", "APAC"
KEY_ACCOUNTS, GROWTH, EUROPE, PACIFIC = "Key Accounts", "Growth", "Europe", "Pacific"
NEWEST_TEAM = PACIFIC
MARKETING = "Marketing"

SMB, MID_MARKET, ENTERPRISE = "SMB", "Mid-Market", "Enterprise"


@dataclass(frozen=True)
class Rep:
    """One seller: what the file shows, and how he or she sells in the demo."""

    rep_id: str
    name: str
    team: str
    region: str
    manager_id: str | None
    hired_on: date
    left_on: date | None
    skill: float
    load: float
    quota_currency: str

    def works_on(self, day: date) -> bool:
        """Return whether the rep is employed on ``day``."""
        return self.hired_on <= day and (self.left_on is None or day <= self.left_on)


LEAVER, SUCCESSOR = "R-08", "R-09"
HIRE, CARETAKER = "R-17", "R-12"
LEFT_ON = date(2025, 3, 28)
HIRED_ON = date(2025, 4, 14)

_REGION_OF = {KEY_ACCOUNTS: AMERICAS, GROWTH: AMERICAS, EUROPE: EMEA, PACIFIC: APAC}
_CHIEF = "R-01"
_MANAGER_OF = {KEY_ACCOUNTS: _CHIEF, GROWTH: "R-05", EUROPE: "R-10", PACIFIC: "R-14"}

# id, name, team, hired on, skill (1 is average), load (share of new deals), quota currency
_PEOPLE: tuple[tuple[str, str, str, date, float, float, str], ...] = (
    ("R-01", "Helen Marsh", KEY_ACCOUNTS, date(2017, 3, 6), 1.10, 0.8, "USD"),
    ("R-02", "Victor Adeyemi", KEY_ACCOUNTS, date(2019, 9, 2), 1.18, 1.0, "USD"),
    ("R-03", "Joanna Whitfield", KEY_ACCOUNTS, date(2021, 1, 11), 0.98, 1.0, "USD"),
    ("R-04", "Caleb Ortiz", KEY_ACCOUNTS, date(2022, 5, 16), 0.88, 1.0, "USD"),
    ("R-05", "Priya Raman", GROWTH, date(2018, 8, 20), 1.05, 0.8, "USD"),
    ("R-06", "Daniel Novak", GROWTH, date(2020, 2, 3), 1.12, 1.1, "USD"),
    ("R-07", "Lucia Benitez", GROWTH, date(2021, 10, 4), 1.00, 1.1, "USD"),
    ("R-08", "Todd Harlan", GROWTH, date(2022, 3, 14), 0.80, 1.0, "USD"),
    ("R-09", "Grace Lindqvist", GROWTH, date(2023, 4, 24), 0.94, 1.1, "USD"),
    ("R-10", "Annika Vogel", EUROPE, date(2018, 1, 15), 1.08, 0.8, "EUR"),
    ("R-11", "Thomas Keane", EUROPE, date(2020, 6, 8), 0.96, 1.0, "USD"),
    ("R-12", "Sophie Laurent", EUROPE, date(2021, 3, 22), 1.15, 1.1, "EUR"),
    ("R-13", "Daniel Novak", EUROPE, date(2022, 9, 5), 0.90, 1.0, "EUR"),
    ("R-14", "Kenji Morita", PACIFIC, date(2019, 4, 1), 1.06, 0.9, "USD"),
    ("R-15", "Olivia Tran", PACIFIC, date(2022, 2, 7), 1.02, 1.0, "USD"),
    ("R-16", "Marcus Bell", PACIFIC, date(2023, 8, 14), 0.86, 1.0, "USD"),
    ("R-17", "Elena Fischer", EUROPE, HIRED_ON, 0.97, 1.0, "EUR"),
)

_TEAM_OF = {rep_id: team for rep_id, _, team, *_ in _PEOPLE}
_HIRED_ON = {rep_id: hired_on for rep_id, _, _, hired_on, *_ in _PEOPLE}

# Marketing sells nothing, but brings leads and has a goal for them.
WEB_MARKETER, EVENT_MARKETER = "R-18", "R-19"
_MARKETERS: tuple[tuple[str, str, str, date], ...] = (
    (WEB_MARKETER, "Nadia Costa", AMERICAS, date(2021, 6, 7)),
    (EVENT_MARKETER, "Peter Lindholm", EMEA, date(2022, 11, 1)),
)

# Who sells to which segment of which region, and with what weight accounts fall to them.
_TERRITORIES: dict[tuple[str, str], tuple[tuple[str, float], ...]] = {
    (AMERICAS, ENTERPRISE): (("R-01", 0.8), ("R-02", 1.0), ("R-03", 1.0), ("R-04", 1.0)),
    (AMERICAS, MID_MARKET): (
        ("R-01", 0.6),
        ("R-02", 0.8),
        ("R-03", 0.8),
        ("R-04", 0.8),
        ("R-05", 1.0),
        ("R-06", 1.0),
        ("R-07", 1.0),
        ("R-08", 0.8),
        ("R-09", 1.0),
    ),
    (AMERICAS, SMB): (("R-05", 0.8), ("R-06", 1.0), ("R-07", 1.0), ("R-08", 0.8), ("R-09", 1.0)),
}
_EVERYONE: dict[str, tuple[tuple[str, float], ...]] = {
    EMEA: (("R-10", 0.8), ("R-11", 1.0), ("R-12", 1.0), ("R-13", 1.0), ("R-17", 0.9)),
    APAC: (("R-14", 0.9), ("R-15", 1.0), ("R-16", 1.0)),
}


def build_reps() -> list[Rep]:
    """Return the reps in the order of their ids."""
    reps = []
    for rep_id, name, team, hired_on, skill, load, currency in _PEOPLE:
        manager = _CHIEF if rep_id in _MANAGER_OF.values() else _MANAGER_OF[team]
        reps.append(
            Rep(
                rep_id=rep_id,
                name=name,
                team=team,
                region=_REGION_OF[team],
                manager_id=None if rep_id == _CHIEF else manager,
                hired_on=hired_on,
                left_on=LEFT_ON if rep_id == LEAVER else None,
                skill=skill,
                load=load,
                quota_currency=currency,
            )
        )
    return reps


def build_marketers() -> list[Rep]:
    """Return the people of marketing, who carry no deals."""
    return [
        Rep(rep_id, name, MARKETING, region, _CHIEF, hired_on, None, skill=1.0, load=0.0, quota_currency="USD")
        for rep_id, name, region, hired_on in _MARKETERS
    ]


def territory(region: str, segment: str) -> tuple[tuple[str, float], ...]:
    """Return the reps (with weights) to whom an account of this kind may fall."""
    return _TERRITORIES.get((region, segment)) or _EVERYONE[region]


def acting_rep(owner_id: str, day: date) -> str:
    """Return who looks after ``owner_id``'s accounts on ``day``: before he or she was hired, the team's manager."""
    if owner_id == LEAVER and day > LEFT_ON:
        return SUCCESSOR
    if owner_id == HIRE and day < HIRED_ON:
        owner_id = CARETAKER
    return owner_id if day >= _HIRED_ON[owner_id] else _MANAGER_OF[_TEAM_OF[owner_id]]


def current_owner(owner_id: str) -> str:
    """Return who owns the account at the end of the demo."""
    return acting_rep(owner_id, PERIOD_END)


def rep_rows(reps: list[Rep]) -> list[Row]:
    """Return the table ``reps``."""
    return [
        {
            "rep_id": rep.rep_id,
            "rep_name": rep.name,
            "team": rep.team,
            "manager_id": rep.manager_id,
            "region": rep.region,
            "hired_on": rep.hired_on,
            "left_on": rep.left_on,
        }
        for rep in reps
    ]
