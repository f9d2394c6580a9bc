"""Monthly quotas for leads: what each rep, and marketing, was asked to bring.

Like those for revenue they are set backwards: a person's goal for half a year is about what he or
she then brought in a month. Some people are asked for more than that, some for less.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from .dates import PERIOD_END, PERIOD_START, months_between
from .draws import Draws
from .leads import Lead
from .people import Rep
from .quotas import employed_months
from .tables import Row

HALF_YEAR = 6
AMBITION = (0.78, 1.33)
LOWEST_GOAL = 1


def lead_quota_rows(people: list[Rep], leads: list[Lead]) -> list[Row]:
    """Return the rows of kind ``leads`` of the table ``quotas``."""
    draws = Draws("quotas/leads")
    brought = Counter((lead.generated_by, lead.created_at.date().replace(day=1)) for lead in leads)
    months = list(months_between(PERIOD_START, PERIOD_END))
    rows: list[Row] = []
    for start in range(0, len(months), HALF_YEAR):
        half = months[start : start + HALF_YEAR]
        for person in people:
            goal_for(rows, draws, person, [month for month in half if month in employed_months(person)], brought)
    return rows


def goal_for(
    rows: list[Row], draws: Draws, person: Rep, months: list[date], brought: Counter[tuple[str, date]]
) -> None:
    """Add one person's quotas of half a year."""
    ambition = draws.between(*AMBITION)
    if not months:
        return
    total = 0
    for month in months:
        total += brought[person.rep_id, month]
    goal = max(LOWEST_GOAL, int(total / len(months) * ambition + 0.5))
    for month in months:
        rows.append(
            {
                "rep_id": person.rep_id,
                "team": None,
                "month": f"{month:%Y-%m}",
                "kind": "leads",
                "target": goal,
                "currency": None,
            }
        )
