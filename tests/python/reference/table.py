"""How rows become figures: facts, cells, and the ways to compute a measure (kpis.md, Measures)."""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from .periods import GRAINS, Period
from .world import World

Inputs = Mapping[str, Fraction]

ONE = Fraction(1)
ZERO = Fraction(0)


class Fact(NamedTuple):
    """An underlying row: its dimension values, and what it gives to which measure's input.

    `subject` is whom the row is about, where a measure counts distinct subjects.
    """

    labels: Mapping[str, str]
    inputs: Inputs
    subject: Hashable = None


@dataclass(frozen=True)
class Cell:
    """The facts of one period and slice, and those of the whole period."""

    period: Period
    facts: Sequence[Fact]
    everything: Sequence[Fact]

    @cached_property
    def _inputs(self) -> dict[str, list[Fraction]]:
        """The non-null values of every input: several measures ask for them."""
        values: dict[str, list[Fraction]] = {}
        for fact in self.facts:
            for name, value in fact.inputs.items():
                values.setdefault(name, []).append(value)
        return values

    @property
    def is_total(self) -> bool:
        """Whether this is the whole period's cell."""
        return self.facts is self.everything

    def subjects(self, name: str) -> set[Hashable]:
        """The distinct subjects of the facts that have an input."""
        return {fact.subject for fact in self.facts if name in fact.inputs}

    def values(self, name: str) -> list[Fraction]:
        """The non-null values of an input."""
        return self._inputs.get(name, [])

    def sum(self, name: str) -> Fraction:
        """The sum of an input; nothing sums to 0."""
        first, *others = self.values(name) or [ZERO]
        return sum(others, first)

    def rows(self, *names: str) -> int:
        """How many facts have one of the inputs."""
        if len(names) == 1 or not self.facts:
            return len(self.values(names[0]))
        return sum(1 for fact in self.facts if any(name in fact.inputs for name in names))


class Result(NamedTuple):
    """A measure in one cell."""

    value: Fraction | None
    row_count: int
    numerator: Fraction | None = None
    denominator: Fraction | None = None


Compute = Callable[[Cell], Result]
FactsOf = Callable[[Period], Sequence[Fact]]


class Measure(NamedTuple):
    """A measure, its slices, how it is computed, the entities that it needs beside those of its KPI,
    and whether it is provisional until the cohort window has passed."""

    name: str
    dimensions: tuple[str, ...]
    compute: Compute
    needs: tuple[str, ...] = ()
    cohort: bool = False


class Kpi(NamedTuple):
    """A KPI: the entities that all its measures need, the measures, and its facts by period.

    `cohort` says that all its measures are of cohorts.
    """

    kpi_id: str
    needs: tuple[str, ...]
    measures: tuple[Measure, ...]
    facts: Callable[[World], FactsOf]
    grains: tuple[str, ...] = GRAINS
    cohort: bool = False


def flow(dated: Iterable[tuple[date, Fact]]) -> FactsOf:
    """Facts that meet a period by a date of their own (kpis.md, Basis: flow, cohort)."""
    ordered = sorted(dated, key=lambda pair: pair[0])
    days = [day for day, _ in ordered]
    facts = [fact for _, fact in ordered]
    return lambda period: facts[bisect_left(days, period.start) : bisect_left(days, period.end)]


def given(**inputs: Fraction | None) -> Inputs:
    """The inputs that are not null."""
    return {name: value for name, value in inputs.items() if value is not None}


def when(condition: bool) -> Fraction:
    """1 where a condition holds, else 0."""
    return Fraction(int(condition))


def divide(numerator: Fraction | None, denominator: Fraction | None) -> Fraction | None:
    """A zero denominator gives null, and so does a null."""
    if numerator is None or not denominator:
        return None
    return numerator / denominator


def percentile(values: Sequence[Fraction], share: Fraction) -> Fraction | None:
    """A percentile from rows by linear interpolation, as `percentile_cont` does."""
    if not values:
        return None
    ranked = sorted(values)
    place = share * (len(ranked) - 1)
    below = place.numerator // place.denominator
    if place == below:
        return ranked[below]
    return ranked[below] + (ranked[below + 1] - ranked[below]) * (place - below)


def count(name: str) -> Compute:
    """How many rows have an input."""

    def compute(cell: Cell) -> Result:
        rows = cell.rows(name)
        return Result(Fraction(rows), rows)

    return compute


def total(name: str) -> Compute:
    """The sum of an input."""
    return lambda cell: Result(cell.sum(name), cell.rows(name))


def ratio(numerator: str, denominator: str) -> Compute:
    """The sum of one input over the sum of another."""

    def compute(cell: Cell) -> Result:
        above, below = cell.sum(numerator), cell.sum(denominator)
        return Result(divide(above, below), cell.rows(numerator, denominator), above, below)

    return compute


def mean(name: str) -> Compute:
    """A mean's numerator and denominator are sum and count."""

    def compute(cell: Cell) -> Result:
        above, below = cell.sum(name), Fraction(cell.rows(name))
        return Result(divide(above, below), cell.rows(name), above, below)

    return compute


def quantile(name: str, share: Fraction = Fraction(1, 2)) -> Compute:
    """A percentile of an input, the median by default."""
    return lambda cell: Result(percentile(cell.values(name), share), cell.rows(name))


def share_of_total(name: str) -> Compute:
    """The slice's rows over the period's; row_count is the slice's rows."""

    def compute(cell: Cell) -> Result:
        rows = cell.rows(name)
        whole = sum(1 for fact in cell.everything if name in fact.inputs)
        above, below = Fraction(rows), Fraction(whole)
        return Result(divide(above, below), rows, above, below)

    return compute


def distinct(name: str) -> Compute:
    """How many distinct subjects have an input; recounted in every cell (kpis.md, Measures)."""

    def compute(cell: Cell) -> Result:
        subjects = len(cell.subjects(name))
        return Result(Fraction(subjects), subjects)

    return compute


def distinct_share(numerator: str, denominator: str) -> Compute:
    """Of the distinct subjects that have one input, those that have the other too."""

    def compute(cell: Cell) -> Result:
        below = cell.subjects(denominator)
        above = Fraction(len(cell.subjects(numerator) & below))
        return Result(divide(above, Fraction(len(below))), len(below), above, Fraction(len(below)))

    return compute
