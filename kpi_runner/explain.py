"""What a figure's change is made of, slice by slice; the parts add up to the change, to the last digit.

A count or sum changes by what each slice contributes. A ratio (or mean) changes because the slices'
own rates change, and because their weights do. With w a slice's share of the denominator, r its rate
and R that of all slices, and each of them halfway between the two periods where it is no difference:

    rate effect = w · Δr            mix effect = Δw · (r - R)

They are taken halfway, so that nothing is left over that belongs to neither effect, and comparing
the other way round gives the same parts with the other sign. Everything is worked out in fractions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from kpi_runner.compare import Figure, change, exact, pairs
from kpi_runner.errors import DataError, UsageError
from kpi_runner.periods import Slot
from kpi_runner.query import Asked, Request, asked_of
from kpi_runner.warehouse import Kpi, RunSettings, Warehouse

#: The slice of what no slice holds, or several do.
REST = "(rest)"

_EXACT = Context(prec=700, rounding=ROUND_HALF_EVEN)
#: Significant digits that a part has, counted from the first one of the largest.
_DIGITS = 15
#: How far sums of doubles may lie beside the double of their sum, as a share of them all.
_DOUBLES = Fraction(1, 10**15)


@dataclass(frozen=True)
class Sides:
    """A slice's figure, and the compared one."""

    slice: str
    figure: Figure
    base: Figure


@dataclass(frozen=True)
class Part:
    """What a slice contributes to a change; of a ratio, by its own rate and by its weight."""

    slice: str
    value: float | None
    compared_value: float | None
    rate_effect: Decimal | None
    mix_effect: Decimal | None
    contribution: Decimal
    share: Decimal | None


@dataclass(frozen=True)
class _Effects:
    """The exact effects of a slice; `mix` is None where there is but one effect."""

    sides: Sides
    rate: Fraction
    mix: Fraction | None


def parts_of_sum(total: Sides, slices: Sequence[Sides]) -> list[Part]:
    """The contributions of slices to the change of a count or sum, largest first.

    What the slices do not add up to is the part REST. The total has both values.
    """
    effects = [_Effects(sides, _number(sides.figure.value) - _number(sides.base.value), None) for sides in slices]
    return _closed(total, effects)


def parts_of_ratio(total: Sides, slices: Sequence[Sides]) -> list[Part]:
    """The rate and mix effects of slices on the change of a ratio or mean, the largest contribution first.

    A slice that one period lacks has no rate there, so that all it does is by its weight. What the
    slices do not add up to is the part REST. Both denominators of the total differ from 0.
    """
    here, there = _denominator(total.figure), _denominator(total.base)
    overall = (_numerator(total.figure) / here + _numerator(total.base) / there) / 2
    effects = []
    for sides in slices:
        weights = _denominator(sides.figure) / here, _denominator(sides.base) / there
        moved = _numerator(sides.figure) / here - _numerator(sides.base) / there
        rates = [
            _numerator(figure) / _denominator(figure) for figure in (sides.figure, sides.base) if _denominator(figure)
        ]
        shift = weights[0] - weights[1]
        rate = sum(rates, Fraction()) / len(rates) if rates else Fraction()
        effects.append(_Effects(sides, moved - shift * rate, shift * (rate - overall)))
    return _closed(total, effects)


def _closed(total: Sides, effects: list[_Effects]) -> list[Part]:
    """The effects as decimals that add up to the change of the total, with the rest of them as a part.

    Each is rounded once, and what all the roundings miss goes to the last and smallest part that is not 0.
    """
    changed = change(total.figure.value, total.base.value)
    if changed is None:
        raise ValueError("The change of a figure without a value has no parts.")
    slices = [effect.sides for effect in effects]
    is_ratio = total.figure.denominator is not None
    missing = _exact_change(total, is_ratio) - sum((_sum(effect) for effect in effects), Fraction())
    ordered = sorted(effects, key=lambda effect: (-abs(_sum(effect)), effect.sides.slice))
    values = [abs(_number(figure.value)) for sides in (total, *slices) for figure in (sides.figure, sides.base)]
    if abs(missing) <= sum(values, Fraction()) * _DOUBLES:
        missing = Fraction()
    sizes = [*values, missing, *(size for effect in ordered for size in (effect.rate, effect.mix or Fraction()))]
    places = _DIGITS - 1 - max((_magnitude(size) for size in sizes if size), default=0)
    rounded = [(effect, _decimal(effect.rate, places), _optional(effect.mix, places)) for effect in ordered]
    rest = _decimal(missing, places)
    shown = _total([amount for _, *amounts in rounded for amount in amounts] + [rest])
    left = _EXACT.subtract(changed, shown)
    smallest = max((place for place, (_, rate, mix) in enumerate(rounded) if rate or mix), default=None)
    if rest or smallest is None:
        rest = _EXACT.add(rest, left)
    else:
        effect, rate, mix = rounded[smallest]
        if mix is not None and abs(mix) > abs(rate):
            rounded[smallest] = (effect, rate, _EXACT.add(mix, left))
        else:
            rounded[smallest] = (effect, _EXACT.add(rate, left), mix)
    parts = [_part(effect, rate, mix, changed) for effect, rate, mix in rounded]
    if rest:
        parts.append(Part(REST, None, None, None, None, rest, _share(rest, changed)))
    return sorted(parts, key=lambda part: -abs(part.contribution))


def _part(effect: _Effects, rate: Decimal, mix: Decimal | None, changed: Decimal) -> Part:
    contribution = _total([rate, mix])
    is_ratio = mix is not None
    return Part(
        effect.sides.slice,
        effect.sides.figure.value,
        effect.sides.base.value,
        rate if is_ratio else None,
        mix,
        contribution,
        _share(contribution, changed),
    )


def whole(total: Sides, parts: Iterable[Part]) -> Part:
    """The line of all parts together: the change, and the sums of the effects."""
    parts = list(parts)
    contribution = _total(part.contribution for part in parts)
    has_effects = any(part.mix_effect is not None for part in parts)
    return Part(
        "total",
        total.figure.value,
        total.base.value,
        _total(part.rate_effect for part in parts) if has_effects else None,
        _total(part.mix_effect for part in parts) if has_effects else None,
        contribution,
        _share(contribution, contribution),
    )


# --- What is asked


@dataclass(frozen=True)
class Explanation:
    """The parts of a change by the slices of one or several dimensions together; the first is the whole."""

    dimension: str
    parts: list[Part]


def explain(
    request: Request, how: str, warehouse: Warehouse, settings: RunSettings, project_dir: Path, notes: list[str]
) -> tuple[Asked, Slot, list[Explanation]]:
    """The change of one measure of one KPI over a whole period, by the dimensions asked for together, or by each
    dimension of the measure in turn where none is.

    Raises like compared_answer(); UsageError, too, for a measure that is not made up of its slices, and DataError
    where either period has no value.
    """
    # The slices are asked for first, so that a dimension which is none is said before there is any figure.
    asked = next(asked_of(request, warehouse, settings, notes))
    if request.dimensions:
        asked = next(asked_of(replace(request, dimensions=()), warehouse, settings, notes))
    info = asked.measures[0]
    kind = asked.kpi.spec["measures"][info.measure]
    if not _is_made_of_slices(kind):
        raise UsageError(
            f"{_named(asked)} has no parts: a {_KINDS[next(name for name in _KINDS if name in kind)]} is not made up of"
            f" its slices. {_explainable(asked.kpi)}"
        )
    (pair,) = pairs(asked, how, request, warehouse, settings, project_dir, notes)
    for side, figure in (("", pair.figure), ("compared ", pair.base)):
        if figure.value is None:
            raise DataError(f"{_named(asked)} has no value in the {side}period, so there is no change to explain.")
    total = Sides("total", pair.figure, pair.base)
    found = []
    for dimensions in [tuple(request.dimensions)] if request.dimensions else [(name,) for name in info.dimensions]:
        try:
            sliced = next(asked_of(replace(request, dimensions=dimensions), warehouse, settings, notes))
            cut = pairs(sliced, how, request, warehouse, settings, project_dir, notes)
        except (UsageError, DataError) as error:
            if request.dimensions:
                raise
            notes.append(str(error))
            continue
        slices = [Sides(" / ".join(map(str, each.slice)), each.figure, each.base) for each in cut]
        parts = parts_of_ratio(total, slices) if total.figure.denominator is not None else parts_of_sum(total, slices)
        found.append(Explanation(", ".join(dimensions), [whole(total, parts), *parts]))
    if not found:
        raise UsageError(f"{_named(asked)} has no dimension to explain it by.")
    return asked, pair.slot, found


#: Kinds of measures that are not made up of their slices, in words.
_KINDS = {"share": "share of the whole", "percentile": "percentile", "formula": "formula"}


def _is_made_of_slices(kind: dict[str, Any]) -> bool:
    return not any(name in kind for name in _KINDS)


def _named(asked: Asked) -> str:
    return asked.kpi.named(asked.measures[0].measure)


def _explainable(kpi: Kpi) -> str:
    """Which measures of a KPI have parts."""
    names = [name for name, kind in kpi.spec["measures"].items() if _is_made_of_slices(kind)]
    return f"{', '.join(names)} can be explained." if names else f"No measure of {kpi.kpi_id} can be explained."


# --- Numbers


def _sum(effect: _Effects) -> Fraction:
    return effect.rate + (effect.mix or Fraction())


def _exact_change(total: Sides, is_ratio: bool) -> Fraction:
    """The change before any rounding: of a ratio, that of the quotients themselves."""
    if is_ratio:
        return _numerator(total.figure) / _denominator(total.figure) - _numerator(total.base) / _denominator(total.base)
    return _number(total.figure.value) - _number(total.base.value)


def _number(value: float | None) -> Fraction:
    return Fraction() if value is None else Fraction(exact(value))


def _numerator(figure: Figure) -> Fraction:
    return Fraction(figure.numerator or 0)


def _denominator(figure: Figure) -> Fraction:
    return Fraction(figure.denominator or 0)


def _magnitude(size: Fraction) -> int:
    """The power of ten of a number's first digit."""
    return _EXACT.divide(Decimal(size.numerator), Decimal(size.denominator)).adjusted()


def _decimal(size: Fraction, places: int) -> Decimal:
    """A fraction rounded half to even to so many decimals; fewer than none where `places` is negative."""
    unit = Fraction(10) ** places
    return Decimal(round(size * unit)).scaleb(-places, _EXACT)


def _optional(size: Fraction | None, places: int) -> Decimal | None:
    return None if size is None else _decimal(size, places)


def _total(amounts: Iterable[Decimal | None]) -> Decimal:
    result = Decimal(0)
    for amount in amounts:
        if amount is not None:
            result = _EXACT.add(result, amount)
    return result


def _share(contribution: Decimal, changed: Decimal) -> Decimal | None:
    """What part of the change a contribution is, to 12 significant digits; None where nothing has changed."""
    return Context(prec=12).divide(contribution, changed) if changed else None
