"""Figures against their healthy ranges: those of the catalog, and dated ones of one's own (seeds/targets.csv)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from kpi_runner.compare import by_key, nothing, slices_of, whole
from kpi_runner.errors import DataError
from kpi_runner.periods import Period
from kpi_runner.query import Asked, Request, asked_of, figures
from kpi_runner.render import healthy_range
from kpi_runner.warehouse import MeasureInfo, RunSettings, Warehouse

OUTSIDE = ("low", "high")
TOTAL = "total"


@dataclass(frozen=True)
class Range:
    """A healthy range; a bound that is None is open, an exclusive one is not healthy itself."""

    low: float | None = None
    high: float | None = None
    low_is_exclusive: bool = False
    high_is_exclusive: bool = False

    def status(self, value: float | None) -> str:
        """What a figure is against the range: no_data, no_target, low, high or ok."""
        if value is None:
            return "no_data"
        if self.low is None and self.high is None:
            return "no_target"
        if self.low is not None and (value < self.low or (self.low_is_exclusive and value == self.low)):
            return "low"
        if self.high is not None and (value > self.high or (self.high_is_exclusive and value == self.high)):
            return "high"
        return "ok"

    def text(self, unit: str | None) -> str:
        """The range in words; empty where there is none."""
        return healthy_range(
            self.low,
            self.high,
            unit,
            low_is_exclusive=self.low_is_exclusive,
            high_is_exclusive=self.high_is_exclusive,
        )


@dataclass(frozen=True)
class Target:
    """A row of seeds/targets.csv: without a grain it holds for all, without valid_from for ever."""

    dimension: str
    dimension_value: str
    grain: str | None
    valid_from: date
    range: Range


@dataclass(frozen=True)
class Judged:
    """A figure and what it is against its range."""

    kpi_id: str
    measure: str
    grain: str
    period_start: date
    period_end: date
    dimension: str
    dimension_value: str
    unit: str | None
    value: float | None
    range: Range
    status: str


@dataclass
class Verdict:
    """What was judged; how many figures were not, since they are incomplete or provisional; and notes."""

    judged: list[Judged] = field(default_factory=list)
    pending: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[Judged]:
        """The figures outside their range."""
        return [figure for figure in self.judged if figure.status in OUTSIDE]


@dataclass(frozen=True)
class Targets:
    """The rows of seeds/targets.csv by KPI and measure."""

    rows: dict[tuple[str, str], list[Target]]

    def dimensions(self, kpi_id: str, measure: str) -> list[str]:
        """The dimensions for whose slices a measure has targets."""
        named = dict.fromkeys(target.dimension for target in self.rows.get((kpi_id, measure), ()))
        return [dimension for dimension in named if dimension != TOTAL]

    def slices(self, kpi_id: str, measure: str, dimension: str) -> list[str]:
        """The slices of a dimension for which a measure has targets."""
        targets = self.rows.get((kpi_id, measure), ())
        return list(dict.fromkeys(target.dimension_value for target in targets if target.dimension == dimension))

    def has_range(self, kpi_id: str, info: MeasureInfo) -> bool:
        """Whether a measure has a range in any period or slice."""
        return (kpi_id, info.measure) in self.rows or (info.healthy_low, info.healthy_high) != (None, None)

    def range_of(
        self, kpi_id: str, info: MeasureInfo, dimension: str, value: str, grain: str, start: date
    ) -> Range | None:
        """The range of a slice's figure in a period of that grain and start.

        That is the one of the latest target which holds: for the grain, else for all grains. The total falls back to
        the catalog's; a slice without a target that holds has none.
        """
        held = [
            target
            for target in self.rows.get((kpi_id, info.measure), ())
            if (target.dimension, target.dimension_value) == (dimension, value)
            and target.grain in (None, grain)
            and target.valid_from <= start
        ]
        if held:
            return max(held, key=lambda target: (target.grain is not None, target.valid_from)).range
        if dimension != TOTAL:
            return None
        if info.healthy_grains and grain not in info.healthy_grains:
            return Range()
        return Range(info.healthy_low, info.healthy_high, info.low_is_exclusive, info.high_is_exclusive)


def read_targets(warehouse: Warehouse) -> Targets:
    """The targets that the last run loaded."""
    found: dict[tuple[str, str], list[Target]] = {}
    if warehouse.has_table("targets"):
        for kpi_id, measure, dimension, value, grain, low, high, valid_from in warehouse.rows(
            "select kpi_id, measure, dimension, dimension_value, grain, low, high, valid_from from targets"
        ):
            target = Target(dimension or TOTAL, value or TOTAL, grain or None, valid_from or date.min, Range(low, high))
            found.setdefault((kpi_id, measure), []).append(target)
    return Targets(found)


def check(
    kpis: Sequence[str],
    period: Period,
    grain: str | None,
    warehouse: Warehouse,
    settings: RunSettings,
    project_dir: Path,
) -> Verdict:
    """Every complete and final figure of a period against its range: the whole company's, and those of slices for
    which there is a target.

    The available measures of these KPIs are judged, or of all that the last run built. Raises UsageError for a KPI
    that is none, and for a grain that is none or that a named KPI is not defined by.
    """
    verdict = Verdict()
    targets = read_targets(warehouse)
    missing, unfit, lacking = [], [], []
    for kpi in warehouse.kpis(kpis) if kpis else warehouse.catalog():
        available = [info.measure for info in kpi.measures if info.available]
        if not available or not warehouse.has_table(f"{kpi.kpi_id}__rows"):
            missing.append(kpi.kpi_id)
            continue
        if not kpis and kpi.spec.get("grains") and (grain or period.grain) not in kpi.spec["grains"]:
            unfit.append(kpi.kpi_id)
            continue
        lacking += [
            f"{kpi.kpi_id}.{info.measure}"
            for info in kpi.measures
            if not info.available and targets.has_range(kpi.kpi_id, info)
        ]
        request = Request([kpi.kpi_id], period, grain, measures=available)
        _judge(request, targets, warehouse, settings, project_dir, verdict)
    if missing:
        verdict.notes.append(f"not checked, since the last run could not or did not build them: {', '.join(missing)}")
    if lacking:
        verdict.notes.append(f"not checked, since no source system delivers what they need: {', '.join(lacking)}")
    if unfit:
        by = grain or period.grain
        verdict.notes.append(f"not checked, since they are not defined by {by}: {', '.join(unfit)}")
    return verdict


def _judge(
    request: Request,
    targets: Targets,
    warehouse: Warehouse,
    settings: RunSettings,
    project_dir: Path,
    verdict: Verdict,
) -> None:
    """Judges the total of a KPI, then each of its slices for which there is a target."""
    (kpi_id,) = request.kpis
    sliced: dict[str, list[str]] = {TOTAL: list(request.measures)}
    for measure in request.measures:
        for dimension in targets.dimensions(kpi_id, measure):
            sliced.setdefault(dimension, []).append(measure)
    for dimension, measures in sliced.items():
        cut = replace(request, dimensions=[] if dimension == TOTAL else [dimension], measures=measures)
        try:
            for asked in asked_of(cut, warehouse, settings, verdict.notes):
                _judge_dimension(asked, dimension, targets, warehouse, settings, project_dir, verdict)
        except DataError as error:
            verdict.notes.append(str(error))


def _judge_dimension(
    asked: Asked,
    dimension: str,
    targets: Targets,
    warehouse: Warehouse,
    settings: RunSettings,
    project_dir: Path,
    verdict: Verdict,
) -> None:
    """Judges the figures of one dimension, period by period."""
    question, kpi_id = asked.question, asked.kpi.kpi_id
    found = by_key(figures(question, warehouse, settings, settings.calendar, project_dir), question)
    slices = slices_of(*found)
    for info in asked.measures:
        values = [TOTAL] if dimension == TOTAL else targets.slices(kpi_id, info.measure, dimension)
        for slot in question.slots:
            for value in values:
                healthy = targets.range_of(kpi_id, info, dimension, value, question.grain, slot.start)
                if healthy is None:
                    continue
                place = (info.measure, slot.start, slot.end)
                key = (*place, () if dimension == TOTAL else (value,))
                figure = found.get(key) or nothing(question, info.measure, slot, whole(found, place, slices), settings)
                if not figure.is_complete or figure.is_provisional:
                    verdict.pending += healthy != Range()
                    continue
                verdict.judged.append(
                    Judged(
                        kpi_id,
                        info.measure,
                        question.grain,
                        slot.start,
                        slot.end,
                        dimension,
                        value,
                        info.unit,
                        figure.value,
                        healthy,
                        healthy.status(figure.value),
                    )
                )
