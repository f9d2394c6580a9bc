"""Every figure of a company: all KPIs, measures, slices, grains and periods."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from .company import Company, Settings
from .kpis import ALL
from .lifecycle import CUSTOMERS, customers_need
from .money import MissingRate
from .periods import GRAINS, Period, is_complete, is_provisional, periods, set_beside
from .sales import sales
from .table import Cell, Fact, Kpi, Measure
from .world import World


class Key(NamedTuple):
    """Which figure."""

    kpi_id: str
    measure: str
    grain: str
    period_start: date
    period_end: date
    dimension: str
    dimension_value: str


class Figure(NamedTuple):
    """A figure; numerator and denominator only where it is a ratio, a share or a mean."""

    numerator: Fraction | None
    denominator: Fraction | None
    value: Fraction | None
    row_count: int
    is_complete: bool
    is_provisional: bool
    is_asked: bool


def _slices(kpi: Kpi, facts: Sequence[Fact]) -> dict[tuple[str, str], list[Fact]]:
    """The slices where something is: a row with a non-null input of any measure."""
    dimensions = {name for measure in kpi.measures for name in measure.dimensions}
    slices: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        for dimension in dimensions & set(fact.labels):
            slices.setdefault((dimension, fact.labels[dimension]), []).append(fact)
    return slices


def _of_period(
    kpi: Kpi, period: Period, facts: Sequence[Fact], is_sliced: bool
) -> Iterator[tuple[Measure, str, str, Cell]]:
    """The cells of a period: the total, also of an empty period, and the slices where they are asked for."""
    everything = [fact for fact in facts if fact.inputs]
    whole = Cell(period, everything, everything)
    slices = (
        {key: Cell(period, rows, everything) for key, rows in _slices(kpi, everything).items()} if is_sliced else {}
    )
    for measure in kpi.measures:
        yield measure, "total", "total", whole
        for (dimension, value), cell in slices.items():
            if dimension in measure.dimensions:
                yield measure, dimension, value, cell


def _of_kpi(kpi: Kpi, world: World, grains: Collection[str], day: date | None) -> Iterator[tuple[Key, Figure]]:
    """All figures of one KPI, of the measures whose entities are delivered; of the periods that hold a day, if any."""
    first = world.first_event() or world.clock.last_day
    facts_of = kpi.facts(world)
    for grain in (g for g in kpi.grains if g in grains and (g != "day" or world.settings.days != "none")):
        asked = list(periods(grain, first, world.clock, world.settings))
        wanted = [*asked, *set_beside(asked, first, world.clock, world.settings)]
        for period in (period for period in wanted if day is None or period.holds(day)):
            complete = is_complete(period, world.clock, world.settings)
            provisional = is_provisional(period, world.clock, world.settings)
            is_asked = period in asked
            cells = _of_period(kpi, period, facts_of(period), grain != "day" or world.settings.days == "all")
            for measure, dimension, value, cell in cells:
                result = measure.compute(cell)
                key = Key(kpi.kpi_id, measure.name, *period, dimension, value)
                yield (
                    key,
                    Figure(
                        result.numerator,
                        result.denominator,
                        result.value,
                        result.row_count,
                        complete,
                        provisional and (kpi.cohort or measure.cohort),
                        is_asked,
                    ),
                )


def _delivered(need: str, company: Company, settings: Settings) -> bool:
    """Whether a need is met: an entity, or one of several with `|` between them, or CUSTOMERS."""
    either = customers_need(settings) if need == CUSTOMERS else need
    return any(entity in company for entity in either.split("|"))


def available(company: Company, settings: Settings) -> list[Kpi]:
    """The KPIs with those measures whose entities are all delivered (kpis.md, Availability)."""

    def met(needs: tuple[str, ...]) -> bool:
        return all(_delivered(need, company, settings) for need in needs)

    found = []
    for kpi in ALL:
        measures = tuple(measure for measure in kpi.measures if met(kpi.needs + measure.needs))
        if measures:
            found.append(kpi._replace(measures=measures))
    return found


def figures(
    company: Company, settings: Settings, grains: Collection[str] = GRAINS, day: date | None = None
) -> dict[Key, Figure]:
    """Every figure over the asked range, by default from the first event to as_of, and what it is compared with.

    With a day just those of the periods that hold it.
    What is unavailable has no figures. Where a rate is missing, MissingRate names the first: also
    one that no figure needs, since the marts show every amount in the reporting currency.
    """
    world = World(company, settings)
    world.convert_everything()
    sales(world)
    table: dict[Key, Figure] = {}
    for kpi in available(company, settings):
        table.update(_of_kpi(kpi, world, grains, day))
    if world.money.missing:
        raise MissingRate(world.money.missing)
    return table
