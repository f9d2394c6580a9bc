"""Stage histories: which stages a deal passes, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .catalog import (
    LOST_STAGE,
    NEW_BUSINESS,
    RENEWAL,
    WON_STAGE,
    open_stages,
    qualified_stages,
)
from .dates import at_work, clearing_day, seasonal_close, working_day
from .draws import Draws
from .people import ENTERPRISE, MID_MARKET, SMB

StageChange = tuple[str, datetime]

SKIP_CHANCE = 0.09
WARM_START_CHANCE = 0.22
WARM_START_STAGES = 3
"""Only a deal that passes this many stages may begin in the second."""
STAY_SPREAD = (0.6, 1.4)
STEP_BACK_CHANCE = 0.07
STALL_FACTOR = 2.2
"""A deal that will be lost lingers in its last stage this much longer."""

REOPEN_CHANCE = 0.06
REOPEN_STAGES: tuple[str, ...] = ("Qualified", "Proposal")
REOPEN_AFTER_DAYS = (20, 75)
REOPENED_FOR_DAYS = (12, 45)
REOPENED_WIN_CHANCE = 0.40

MEAN_DAYS_TO_WIN: dict[str, float] = {SMB: 42.0, MID_MARKET: 55.0, ENTERPRISE: 74.0}
WIN_SIGMA = 0.38
MIN_DAYS = 6
MAX_DAYS = 300
LOSS_SIGMA = 0.50

# Where new business is lost, and how long that takes on average (in days).
LOST_FROM: tuple[tuple[tuple[str, float], float], ...] = (
    (("Prospecting", 36.0), 0.10),
    (("Discovery", 70.0), 0.20),
    (("Qualified", 102.0), 0.27),
    (("Proposal", 120.0), 0.26),
    (("Negotiation", 126.0), 0.14),
    (("Contract", 110.0), 0.03),
)
RENEWAL_LOST_FROM: tuple[tuple[str, float], ...] = (
    ("Upcoming", 0.45),
    ("Proposal", 0.45),
    ("Confirmation", 0.10),
)
RENEWAL_CLOSE_OFFSET_DAYS = (-24, 18)
RENEWAL_LOSS_DELAY_DAYS = 12
SAME_DAY_GAP_MINUTES = (25, 120)


@dataclass(frozen=True)
class Journey:
    """A deal's planned life: all its stage changes, also those that lie after the demo."""

    changes: tuple[StageChange, ...]
    planned_close: date

    @property
    def ends_at(self) -> datetime:
        """Return when the last change happens."""
        return self.changes[-1][1]


def plan_new_business(draws: Draws, created_at: datetime, segment: str, is_won: bool) -> Journey:
    """Plan the life of a new-business deal."""
    first_day = created_at.date()
    if is_won:
        last_open = open_stages(NEW_BUSINESS)[-1].name
        days = MEAN_DAYS_TO_WIN[segment] * draws.log_normal(WIN_SIGMA)
        planned = first_day + timedelta(days=clamp_days(days))
        close = seasonal_close(draws, planned, first_day + timedelta(days=MIN_DAYS))
    else:
        last_open, mean_days = draws.weighted(LOST_FROM)
        days = mean_days * draws.log_normal(LOSS_SIGMA)
        planned = first_day + timedelta(days=clamp_days(days))
        close = clearing_day(draws, planned, first_day + timedelta(days=MIN_DAYS))
    final = WON_STAGE if is_won else LOST_STAGE
    changes = _walk(draws, NEW_BUSINESS, created_at, close, last_open, final)
    if not is_won and draws.chance(REOPEN_CHANCE):
        changes += _reopen(draws, changes[-1][1])
    return Journey(tuple(changes), planned)


def plan_renewal(draws: Draws, created_at: datetime, due_on: date, is_won: bool) -> Journey:
    """Plan the life of a renewal that is due on a given day."""
    low, high = RENEWAL_CLOSE_OFFSET_DAYS
    if is_won:
        last_open = open_stages(RENEWAL)[-1].name
        planned = due_on + timedelta(days=draws.whole(low, high))
        close = seasonal_close(draws, planned, created_at.date() + timedelta(days=MIN_DAYS))
    else:
        last_open = draws.weighted(RENEWAL_LOST_FROM)
        planned = due_on
        close = due_on + timedelta(days=draws.whole(low, high) + RENEWAL_LOSS_DELAY_DAYS)
    final = WON_STAGE if is_won else LOST_STAGE
    return Journey(tuple(_walk(draws, RENEWAL, created_at, close, last_open, final)), planned)


def clamp_days(days: float) -> int:
    """Return a whole number of days within the bounds of a deal's life."""
    return max(MIN_DAYS, min(MAX_DAYS, int(days)))


def reached_qualified(pipeline: str, changes: tuple[StageChange, ...]) -> bool:
    """Return whether a deal has been in an open, qualified stage."""
    qualified = qualified_stages(pipeline)
    return any(stage in qualified for stage, _ in changes)


def _path(draws: Draws, pipeline: str, last_open: str) -> list[str]:
    """Return the open stages that a deal passes up to ``last_open``: some skipped, some twice."""
    names = [stage.name for stage in open_stages(pipeline)]
    names = names[: names.index(last_open) + 1]
    start = 1 if len(names) >= WARM_START_STAGES and draws.chance(WARM_START_CHANCE) else 0
    path: list[str] = []
    for index, name in enumerate(names[start:], start=start):
        is_inner = start < index < len(names) - 1
        if is_inner and draws.chance(SKIP_CHANCE):
            continue
        path.append(name)
        if is_inner and len(path) > 1 and draws.chance(STEP_BACK_CHANCE):
            path += [path[-2], name]
    return path


def _walk(
    draws: Draws, pipeline: str, created_at: datetime, close: date, last_open: str, final: str
) -> list[StageChange]:
    """Return the changes from creation to the final stage on the day ``close``."""
    path = _path(draws, pipeline, last_open)
    time_share = {stage.name: stage.time_share for stage in open_stages(pipeline)}
    shares = [time_share[name] * draws.between(*STAY_SPREAD) for name in path]
    if final == LOST_STAGE:
        shares[-1] *= STALL_FACTOR
    total = 0.0
    for share in shares:
        total += share
    span = (close - created_at.date()).days
    changes: list[StageChange] = [(path[0], created_at)]
    passed = 0.0
    for share, name in zip(shares, [*path[1:], final], strict=True):
        passed += share
        is_last = len(changes) == len(path)
        days = span if is_last else int(span * passed / total)
        when = at_work(draws, working_day(draws, created_at.date() + timedelta(days=days)))
        previous = changes[-1][1]
        if when <= previous:
            when = previous + timedelta(minutes=draws.whole(*SAME_DAY_GAP_MINUTES))
        changes.append((name, when))
    return changes


def _reopen(draws: Draws, lost_at: datetime) -> list[StageChange]:
    """Return the changes of a lost deal that gets a second life."""
    again = lost_at.date() + timedelta(days=draws.whole(*REOPEN_AFTER_DAYS))
    end = again + timedelta(days=draws.whole(*REOPENED_FOR_DAYS))
    final = WON_STAGE if draws.chance(REOPENED_WIN_CHANCE) else LOST_STAGE
    stage = draws.pick(REOPEN_STAGES)
    return [
        (stage, at_work(draws, working_day(draws, again))),
        (final, at_work(draws, working_day(draws, end))),
    ]
