"""What the report says: figures of one period, as people read them, with their charts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kpi_runner.periods import GRAINS, Calendar, Period, grain_start, next_start
from kpi_runner.render import NO_VALUE, display, plain
from kpi_runner.report import charts
from kpi_runner.report.parts import Cell, Change, Chart, Group, Line, Report, Section, Table, spoken
from kpi_runner.report.spans import Span, a_year_before, complete_span, reported_span, run_of, short_name
from kpi_runner.scorecard import Entry, change_text, scorecard
from kpi_runner.sql import lies_between
from kpi_runner.warehouse import Kpi, MeasureInfo, Warehouse

#: Slices in a chart, and slices of one dimension in a table; the rest is a query away.
CHART_SLICES, TABLE_SLICES = 16, 50


def gathered(warehouse: Warehouse, period: Period) -> Report:
    """The report of a period. Raises DataError where no complete period lies in it."""
    settings = warehouse.settings()
    reader = _Reader(warehouse, period, settings.calendar)
    sections = {kpi.kpi_id: reader.section(kpi) for kpi in warehouse.catalog()}
    ((currency, sources),) = warehouse.rows("select reporting_currency, source_systems from run_settings")
    previous, year_ago = reader.compared_with()
    return Report(
        span=reader.span,
        previous=previous,
        year_ago=year_ago,
        as_of=f"{settings.calendar.as_of_local:%Y-%m-%d %H:%M}",
        timezone=settings.timezone,
        currency=currency,
        sources=sources.replace(",", ", "),
        goals=tuple(_goals(warehouse, sections)),
        themes=tuple(_themes(sections.values())),
        sections=tuple(sections.values()),
    )


Figures = dict[tuple[str, str], dict[date, float | None]]


class _Reader:
    """Reads the figures once, and makes a section of each KPI."""

    def __init__(self, warehouse: Warehouse, period: Period, calendar: Calendar) -> None:
        self.warehouse = warehouse
        self.calendar = calendar
        self.span = reported_span(warehouse, period, calendar)
        grain = self.span.grain
        #: Coarse periods are shown month by month.
        self.trend_grain = "month" if grain in ("quarter", "year", "fiscal_quarter", "fiscal_year") else grain
        self.run = run_of(self.span, grain, calendar)
        self.trend = run_of(self.span, self.trend_grain, calendar)
        self.run_figures = self._totals(self.run)
        self.trend_figures = self._totals(self.trend)
        self.entries = self._entries(self.span)
        self.trend_entries = self._entries(self.trend[-1])
        self.slices = self._slices()
        self.chart_specs = dict(warehouse.rows("select kpi_id, charts from kpi_catalog"))
        self.stages = self._stages()

    def compared_with(self) -> tuple[str, str]:
        """The texts of the period before and of the one a year ago."""
        grain, start = self.span.grain, self.span.start
        if grain not in GRAINS:
            return "the days before", "a year ago"
        day_before = grain_start(start - timedelta(days=1), grain, self.calendar)
        year_before = start - timedelta(weeks=52) if grain == "week" else a_year_before(start)
        texts = [
            complete_span(grain, day, next_start(day, grain), self.calendar).text for day in (day_before, year_before)
        ]
        return texts[0], texts[1]

    def _totals(self, spans: Sequence[Span]) -> Figures:
        """The company's figures of a run of periods, by KPI and measure."""
        found: Figures = {}
        for kpi_id, measure, start, value in self.warehouse.rows(
            "select kpi_id, measure, period_start, value from kpi_values where dimension = 'total'"
            f" and grain = ? and {lies_between(spans[0].start, spans[-1].end)}",
            [spans[0].grain],
        ):
            found.setdefault((kpi_id, measure), {})[start] = value
        return found

    def _entries(self, span: Span) -> dict[tuple[str, str], Entry]:
        listed = scorecard(self.warehouse, span.grain, span.start)
        return {(entry["kpi_id"], entry["measure"]): entry for entry in listed if entry["period_end"] == span.end}

    def _slices(self) -> dict[str, list[_Slice]]:
        """The slices of the period, by KPI."""
        found: dict[tuple[str, str, str], _Slice] = {}
        for kpi_id, dimension, slice_value, measure, *figures in self.warehouse.rows(
            "select kpi_id, dimension, dimension_value, measure, value, numerator, denominator, row_count"
            " from kpi_values where dimension <> 'total' and grain = ? and period_start = ? and period_end = ?"
            " order by kpi_id, dimension, dimension_value, measure",
            [self.span.grain, self.span.start, self.span.end],
        ):
            key = (kpi_id, dimension, slice_value)
            found.setdefault(key, _Slice(dimension, slice_value)).figures[measure] = _SliceFigure(*figures)
        by_kpi: dict[str, list[_Slice]] = {}
        for (kpi_id, *_), entry in found.items():
            by_kpi.setdefault(kpi_id, []).append(entry)
        return by_kpi

    def _stages(self) -> dict[str, int]:
        """The place of each stage in the order in which deals go through them."""
        if not self.warehouse.has_table("dim_stages"):
            return {}
        listed = self.warehouse.rows("select stage from dim_stages order by pipeline, position, stage")
        return {stage: place for place, (stage,) in enumerate(listed)}

    def section(self, kpi: Kpi) -> Section:
        """A KPI with its figures, charts and tables."""
        primary = kpi.primary
        lines = tuple(self._line(kpi, measure) for measure in kpi.measures)
        run = [self.run_figures.get((kpi.kpi_id, primary.measure), {}).get(span.start) for span in self.run]
        spark = None
        if sum(value is not None for value in run) > 1:
            entry = self.entries.get((kpi.kpi_id, primary.measure))
            alt = self._run_text(f"{kpi.title} by {spoken(self.span.grain)}", self.run, run, primary)
            spark = charts.sparkline(run, _range_of(entry), alt)
        missing = "" if primary.available else ", ".join(primary.missing)
        drawn = (*self._trend_chart(kpi), *self._slice_charts(kpi))
        tables = (*self._trend_table(kpi), *self._slice_tables(kpi))
        return Section(kpi, lines[0], lines, spark, missing, drawn, tables)

    def _line(self, kpi: Kpi, measure: MeasureInfo) -> Line:
        entry = self.entries.get((kpi.kpi_id, measure.measure))
        name = spoken(measure.measure)
        if entry is None:
            status = "unavailable" if not measure.available else "no_data"
            if status == "no_data" and not self.warehouse.has_table(f"{kpi.kpi_id}__rows"):
                status = "not_built"
            none, same = Cell(NO_VALUE, ""), Change(NO_VALUE, "")
            return Line(measure.measure, name, none, none, same, none, same, "", status, False)
        unit = entry["unit"]
        return Line(
            measure.measure,
            name,
            _cell(entry["value"], unit),
            _cell(entry["previous_value"], unit),
            Change(change_text(entry, ""), _tone(entry["change"], measure.better)),
            _cell(entry["year_ago_value"], unit),
            Change(change_text(entry, "year_"), _tone(entry["year_change"], measure.better)),
            entry.healthy,
            str(entry["status"]),
            bool(entry["is_provisional"]),
        )

    def _run_text(self, title: str, spans: Sequence[Span], values: Sequence[float | None], info: MeasureInfo) -> str:
        """A run of figures in words, for those who cannot see the drawing."""
        given = [(value, span.text) for value, span in zip(values, spans, strict=True) if value is not None]
        (low, low_at), (high, high_at) = min(given), max(given)
        last, last_at = given[-1]
        unit = info.unit or ""
        return (
            f"{title}, {spans[0].text} to {spans[-1].text}: lowest {display(low, unit)} in {low_at},"
            f" highest {display(high, unit)} in {high_at}, last {display(last, unit)} in {last_at}."
        )

    def _trend_chart(self, kpi: Kpi) -> Iterable[Chart]:
        """The primary measure over time, with the healthy range of the last of these periods."""
        info = kpi.primary
        values = self._trend_values(kpi, info)
        if sum(value is not None for value in values) < 2:
            return
        unit = info.unit or ""
        entry = self.trend_entries.get((kpi.kpi_id, info.measure))
        caption = f"{spoken(info.measure)} by {spoken(self.trend_grain)}"
        alt = self._run_text(f"{kpi.title}: {caption}", self.trend, values, info)
        caption += f", {self.trend[0].text} to {self.trend[-1].text}"
        if entry and entry.healthy:
            alt += f" Healthy: {entry.healthy}."
        yield Chart(
            caption,
            charts.trend(
                [short_name(span) for span in self.trend],
                values,
                [display(value, unit) for value in values],
                _axis(unit),
                _range_of(entry),
                as_bars=unit in ("count", "money"),
                alt=alt,
            ),
        )

    def _trend_values(self, kpi: Kpi, info: MeasureInfo) -> list[float | None]:
        figures = self.trend_figures.get((kpi.kpi_id, info.measure), {})
        return [figures.get(span.start) for span in self.trend]

    def _trend_table(self, kpi: Kpi) -> Iterable[Table]:
        measures = [info for info in kpi.measures if (kpi.kpi_id, info.measure) in self.trend_figures]
        if not measures:
            return
        columns = [(self._trend_values(kpi, info), info.unit) for info in measures]
        rows = [
            (span.text, tuple(_cell(column[place], unit) for column, unit in columns))
            for place, span in enumerate(self.trend)
        ]
        yield Table(self.trend_grain, tuple(info.measure for info in measures), tuple(rows))

    def _slice_charts(self, kpi: Kpi) -> Iterable[Chart]:
        for spec in self._specs(kpi):
            chart = self._funnel(kpi, spec) if ">" in spec else self._slice_chart(kpi, spec)
            if chart is not None:
                yield chart

    def _specs(self, kpi: Kpi) -> list[str]:
        """The charts that the KPI's YAML names; else its primary measure by its first dimension that has slices."""
        named = self.chart_specs.get(kpi.kpi_id)
        if named:
            return [spec.strip() for spec in named.split(",")]
        given = {entry.dimension for entry in self.slices.get(kpi.kpi_id, ())}
        return [f"{kpi.primary.measure} by {name}" for name in kpi.primary.dimensions if name in given][:1]

    def _slice_chart(self, kpi: Kpi, spec: str) -> Chart | None:
        """`measure by dimension` or `part of whole by dimension`."""
        what, _, dimension = spec.partition(" by ")
        part, _, whole = what.partition(" of ")
        units = {info.measure: info.unit or "" for info in kpi.measures}
        needed = [part, whole] if whole else [part]
        slices = [
            entry
            for entry in self.slices.get(kpi.kpi_id, ())
            if entry.dimension == dimension and all(entry.number(measure) is not None for measure in needed)
        ]
        if not slices:
            return None
        shown, left_out = self._chosen(slices, needed[-1])
        labels = [entry.label for entry in shown]
        values = [entry.given(part) for entry in shown]
        texts = [display(value, units[part]) for value in values]
        more = f" ({CHART_SLICES} of {CHART_SLICES + left_out})" if left_out else ""
        caption = f"{spoken(part)}{f' of {spoken(whole)}' if whole else ''} by {spoken(dimension)}{more}"
        if whole:
            wholes = [entry.given(whole) for entry in shown]
            texts = [f"{text} of {display(value, units[whole])}" for text, value in zip(texts, wholes, strict=True)]
        alt = f"{kpi.title}: {caption}. " + "; ".join(f"{a}: {b}" for a, b in zip(labels, texts, strict=True)) + "."
        if whole and all(0 <= value <= total for value, total in zip(values, wholes, strict=True)):
            return Chart(caption, charts.parts(labels, wholes, values, texts, alt=alt))
        entry = self.entries.get((kpi.kpi_id, part))
        # A range for the company's count or sum says nothing of a slice's.
        is_rate = units[part] not in ("count", "money")
        healthy = _range_of(entry) if is_rate else (None, None)
        return Chart(caption, charts.bars(labels, values, texts, healthy, alt=alt))

    def _funnel(self, kpi: Kpi, spec: str) -> Chart | None:
        """`first > second > …`: measures of the whole company, one below the other."""
        names = [name.strip() for name in spec.split(">")]
        entries = [self.entries.get((kpi.kpi_id, name)) for name in names]
        given = [entry for entry in entries if entry is not None and entry["value"] is not None]
        if len(given) < len(names):
            return None
        labels = [spoken(name) for name in names]
        texts = [display(entry["value"], entry["unit"]) for entry in given]
        caption = f"From {labels[0]} to {labels[-1]}"
        alt = f"{kpi.title}: {caption}. " + "; ".join(f"{a}: {b}" for a, b in zip(labels, texts, strict=True)) + "."
        return Chart(caption, charts.bars(labels, [entry["value"] for entry in given], texts, (None, None), alt=alt))

    def _chosen(self, slices: list[_Slice], measure: str) -> tuple[list[_Slice], int]:
        """The slices of a chart in their order, and how many are left out: those with the fewest rows."""
        ranked = sorted(slices, key=lambda entry: (-entry.weight(measure), -entry.given(measure), entry.value))
        kept = ranked[:CHART_SLICES]
        order = self._order(kept, measure)
        return sorted(kept, key=order), len(slices) - len(kept)

    def _order(self, slices: Sequence[_Slice], measure: str) -> Callable[[_Slice], Any]:
        """Stages as deals go through them, buckets from low to high, the rest from the largest figure down."""
        if slices[0].dimension == "stage":
            return lambda entry: (self.stages.get(entry.value, len(self.stages)), entry.value)
        if all(re.match(r"\d", entry.value) or entry.value.startswith("(") for entry in slices):
            return lambda entry: (entry.value.startswith("("), _number_in_front(entry.value), entry.value)
        return lambda entry: (-entry.given(measure), entry.value)

    def _slice_tables(self, kpi: Kpi) -> Iterable[Table]:
        """One table per dimension: its slices with every measure that can be cut by it."""
        listed = self.slices.get(kpi.kpi_id, ())
        for dimension in kpi.dimensions:
            slices = [entry for entry in listed if entry.dimension == dimension]
            measures = [info for info in kpi.measures if any(info.measure in entry.figures for entry in slices)]
            if not slices or not measures:
                continue
            kept = sorted(slices, key=lambda entry: (-entry.rows, entry.value))[:TABLE_SLICES]
            if dimension == "stage":
                kept.sort(key=self._order(kept, measures[0].measure))
            rows = tuple(
                (entry.label, tuple(_cell(entry.number(info.measure), info.unit) for info in measures))
                for entry in kept
            )
            yield Table(dimension, tuple(info.measure for info in measures), rows, len(slices) - len(kept))


@dataclass(frozen=True)
class _SliceFigure:
    """A figure of a slice."""

    value: float | None
    numerator: Decimal | None
    denominator: Decimal | None
    rows: int


@dataclass(frozen=True)
class _Slice:
    """A slice of a KPI in the report's period, with its figures by measure."""

    dimension: str
    value: str
    figures: dict[str, _SliceFigure] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The slice's value, or a sign for an empty one."""
        return self.value or "(empty)"

    @property
    def rows(self) -> int:
        """The rows behind the slice, of the measure that has the most."""
        return max(figure.rows for figure in self.figures.values())

    def number(self, measure: str) -> float | None:
        """The value of a measure, nothing where the slice has none."""
        figure = self.figures.get(measure)
        return None if figure is None else figure.value

    def given(self, measure: str) -> float:
        """The value of a measure that the slice has."""
        value = self.number(measure)
        assert value is not None
        return value

    def weight(self, measure: str) -> float:
        """How much a slice counts in a chart that cannot show all: its rows for a rate, else its figure."""
        figure = self.figures[measure]
        return float(figure.rows if figure.denominator is not None else abs(figure.value or 0))


def _goals(warehouse: Warehouse, sections: dict[str, Section]) -> Iterable[Group]:
    """The goals in their order, each with the KPIs that measure it."""
    if not warehouse.has_table("goals"):
        return
    listed: dict[str, list[Section]] = {}
    for goal, kpi_id in warehouse.rows("select goal, kpi_id from goals order by position"):
        if kpi_id in sections:
            listed.setdefault(goal, []).append(sections[kpi_id])
    for number, (goal, chosen) in enumerate(listed.items(), start=1):
        yield Group(goal, f"goal-{number}", tuple(chosen))


def _themes(sections: Iterable[Section]) -> Iterable[Group]:
    """The themes in the order of their first KPI: what has no number first."""
    listed: dict[str, list[Section]] = {}
    for section in sections:
        listed.setdefault(section.kpi.theme, []).append(section)
    for theme, chosen in listed.items():
        yield Group(spoken(theme).capitalize(), f"theme-{theme}", tuple(chosen))


def _cell(value: float | None, unit: str | None) -> Cell:
    return Cell(display(value, unit or ""), plain(value) or "")


def _range_of(entry: Entry | None) -> charts.Range:
    """The healthy range of a figure."""
    return (entry["healthy_low"], entry["healthy_high"]) if entry else (None, None)


def _tone(change: float | None, better: str | None) -> str:
    """Whether a change is for the better; where only a band is healthy, it is neither."""
    if not change or better not in ("higher", "lower"):
        return ""
    return "good" if (change > 0) == (better == "higher") else "bad"


def _axis(unit: str) -> Callable[[float], str]:
    """How numbers are written on an axis: short."""

    def written(number: float) -> str:
        if unit == "percent":
            return display(number, "percent")
        for size, sign in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
            if abs(number) >= size:
                return f"{number / size:.3g} {sign}"
        return f"{number:.3g}"

    return written


def _number_in_front(text: str) -> float:
    match = re.match(r"\d+", text)
    return float(match[0]) if match else 0.0
