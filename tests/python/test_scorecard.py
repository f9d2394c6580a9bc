"""The scorecard as people read it: headings, healthy ranges in words, changes."""

from __future__ import annotations

from typing import Any

import pytest

from kpi_runner.render import healthy_range
from kpi_runner.scorecard import SCORECARD_COLUMNS, Entry, shown


@pytest.mark.parametrize(
    ("low", "high", "exclusive", "text"),
    [
        (None, None, (False, False), ""),
        (3, 4, (False, False), "3.00 to 4.00"),
        (1, 5, (True, True), "between 1.00 and 5.00, exclusive"),
        (1, 5, (True, False), "above 1.00 to 5.00"),
        (1, 5, (False, True), "1.00 to under 5.00"),
        (0, None, (True, False), "above 0.00"),
        (0, None, (False, False), "from 0.00"),
        (None, 5, (False, True), "under 5.00"),
        (None, 5, (None, None), "to 5.00"),
    ],
)
def test_a_healthy_range_in_words(
    low: float | None, high: float | None, exclusive: tuple[bool | None, bool | None], text: str
) -> None:
    low_is_exclusive, high_is_exclusive = exclusive
    found = healthy_range(low, high, "ratio", low_is_exclusive=low_is_exclusive, high_is_exclusive=high_is_exclusive)
    assert found == text


def entry(**given: Any) -> Entry:
    """A line of the scorecard; what is not given is null."""
    values = {"unit": "percent", "status": "no_target", "theme": "base"} | given
    return Entry(tuple(values.get(name) for name in SCORECARD_COLUMNS), "2026-Q2")


def test_each_goal_and_theme_has_a_heading() -> None:
    won = entry(title="Win rate", value=0.5, previous_value=0.4, change=0.1, year_ago_value=0.5, year_change=0)
    less = entry(title="Churn", number=36, value=0.1, is_provisional=True, healthy_low=0, low_is_exclusive=True)
    goal = [Entry(("Win more", 1, *line.row[2:]), line.period) for line in (won, less)]
    _, rows = shown([*goal, won])
    empty = ("",) * 9
    first = ("", "  Win rate", "50 %", "40 %", "+10 pp", "50 %", "0 pp", "", "no target")
    assert rows == [
        ("", "Win more", *empty[2:]),
        first,
        ("36", "  Churn", "10 % *", "-", "-", "-", "-", "above 0 %", "no target"),
        empty,
        ("", "Other: base", *empty[2:]),
        first,
    ]
