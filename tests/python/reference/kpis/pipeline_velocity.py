"""22 pipeline_velocity: what the pipeline brings a day (kpis.md, 22)."""

from datetime import date, datetime, timedelta
from fractions import Fraction

from ..clock import parse_day
from ..company import Settings
from ..deals import Life
from ..periods import MONTH_AND_COARSER, Period
from ..rows import closed_deals, open_deals
from ..table import (
    ONE,
    Cell,
    Fact,
    FactsOf,
    Inputs,
    Kpi,
    Measure,
    Result,
    divide,
    flow,
    given,
    when,
)
from ..world import World

_DIMENSIONS = ("rep", "team", "pipeline")


def selling_days(period: Period, settings: Settings) -> int:
    """Weekdays less holidays in the whole period, also in a running one."""
    holidays = {parse_day(text.strip()) for text in settings.holidays}
    count = (period.end - period.start).days
    days: list[date] = [period.start + timedelta(days=n) for n in range(count)]
    return sum(1 for day in days if day.weekday() < 5 and day not in holidays)


def velocity(cell: Cell) -> Fraction | None:
    """Open deals x revenue per won deal x win rate / mean cycle; null when an input is."""
    won = cell.sum("won")
    revenue_per_deal = divide(cell.sum("revenue"), won)
    win_rate = divide(won, Fraction(cell.rows("won")))
    mean_cycle = divide(cell.sum("days"), won)
    if revenue_per_deal is None or win_rate is None:
        return None
    return divide(cell.rows("open") * revenue_per_deal * win_rate, mean_cycle)


def _facts(world: World) -> FactsOf:
    """Deals open at the period's end, and deals closed in it."""

    def inputs(life: Life, at: datetime) -> Inputs:
        if life.outcome != "won":
            return given(won=when(False))
        return given(won=ONE, revenue=world.money.amount(life), days=world.cycle_days(life, at))

    still_open = open_deals(world, lambda life, standing: given(open=ONE))
    closed = flow(closed_deals(world, inputs, ("won", "lost")))

    def facts(period: Period) -> list[Fact]:
        days = given(selling_days=Fraction(selling_days(period, world.settings)))
        rows = [*still_open(period), *closed(period)]
        return [Fact(fact.labels, {**fact.inputs, **days}) for fact in rows]

    return facts


def _per_day(cell: Cell) -> Result:
    return Result(velocity(cell), cell.rows("open", "won"))


def _forecast(cell: Cell) -> Result:
    """Velocity x the selling days of the whole period."""
    per_day = velocity(cell)
    value = None if per_day is None else per_day * cell.values("selling_days")[0]
    return Result(value, cell.rows("open", "won"))


KPI = Kpi(
    "pipeline_velocity",
    ("deals", "deal_stage_changes"),
    (
        Measure("velocity_per_day", _DIMENSIONS, _per_day),
        Measure("forecast", _DIMENSIONS, _forecast),
    ),
    _facts,
    MONTH_AND_COARSER,
)
