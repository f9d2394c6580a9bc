"""`kpi explain`: the parts of a change add up to it, and are what they are called."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_runner.compare import Figure, change
from kpi_runner.explain import REST, Part, Sides, parts_of_ratio, parts_of_sum, whole
from tests.python.conftest import Built, Warehouse, records

COLUMNS = (
    "kpi_id,measure,grain,period_start,period_end,compared_start,compared_end,dimension,slice,value,compared_value,"
    "rate_effect,mix_effect,contribution,share_of_change"
)


@pytest.fixture(scope="module")
def warehouse(demo: Built) -> Warehouse:
    return demo.warehouse


def explained(warehouse: Warehouse, *arguments: str) -> list[dict[str, Any]]:
    """What `kpi explain … --format json` gives, numbers as decimals."""
    result = warehouse.call("explain", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout, parse_float=Decimal, parse_int=Decimal)
    return found


def refusal(warehouse: Warehouse, code: int, *arguments: str) -> str:
    result = warehouse.call("explain", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    return result.stderr


# --- Figures made by hand


def ratio(numerator: int | Decimal, denominator: int | Decimal) -> Figure:
    """A ratio's figure as the roll-up gives it: the quotient to 12 significant digits."""
    top, bottom = Decimal(numerator), Decimal(denominator)
    value = float(f"{float(Fraction(top) / Fraction(bottom)):.11e}") if bottom else None
    return Figure(top, bottom, value, 1, True, False)


def count(value: float) -> Figure:
    return Figure(None, None, value, 1, True, False)


def effects(part: Part) -> tuple[str, float, float]:
    """A part's slice, rate effect and mix effect."""
    assert part.rate_effect is not None
    assert part.mix_effect is not None
    return part.slice, float(part.rate_effect), float(part.mix_effect)


def test_rates_that_stay_and_weights_that_move_are_all_mix() -> None:
    """Half of the leads came from each channel, now three quarters from the better one."""
    total = Sides("total", ratio(70, 100), ratio(60, 100))
    slices = [Sides("event", ratio(60, 75), ratio(40, 50)), Sides("paid", ratio(10, 25), ratio(20, 50))]
    first, second = parts_of_ratio(total, slices)
    # Weight ± 0.25; the rates 0.8 and 0.4 lie 0.15 above, and 0.25 below, the 0.65 in the middle.
    assert effects(first) == ("paid", 0.0, 0.0625)
    assert effects(second) == ("event", 0.0, 0.0375)


def test_weights_that_stay_and_rates_that_move_are_all_rate() -> None:
    total = Sides("total", ratio(60, 100), ratio(50, 100))
    slices = [Sides("north", ratio(40, 50), ratio(25, 50)), Sides("south", ratio(20, 50), ratio(25, 50))]
    north, south = parts_of_ratio(total, slices)
    assert (effects(north), north.share) == (("north", 0.15, 0.0), Decimal("1.5"))
    assert (effects(south), south.share) == (("south", -0.05, 0.0), Decimal("-0.5"))


def test_the_other_way_round_the_parts_have_the_other_sign() -> None:
    here, there = (ratio(70, 120), ratio(55, 90))
    slices = [Sides("a", ratio(50, 70), ratio(25, 60)), Sides("b", ratio(20, 50), ratio(30, 30))]
    forth = parts_of_ratio(Sides("total", here, there), slices)
    back = parts_of_ratio(Sides("total", there, here), [Sides(s.slice, s.base, s.figure) for s in slices])
    for one, other in zip(forth, back, strict=True):
        assert effects(one)[1:] == pytest.approx([-effect for effect in effects(other)[1:]], abs=1e-12)


def test_a_slice_that_one_side_lacks_changes_by_its_weight_alone() -> None:
    total = Sides("total", ratio(50, 100), ratio(50, 100))
    slices = [Sides("new", ratio(50, 50), ratio(0, 0)), Sides("old", ratio(0, 50), ratio(50, 100))]
    parts = {part.slice: part for part in parts_of_ratio(total, slices)}
    assert (parts["new"].value, parts["new"].compared_value) == (1.0, None)
    assert effects(parts["new"]) == ("new", 0.0, 0.25)
    assert parts["old"].contribution == Decimal("-0.25")


def test_a_slice_that_only_adds_to_the_numerator_changes_by_its_rate() -> None:
    """As leads do of reps that have no quota."""
    total = Sides("total", ratio(60, 100), ratio(40, 100))
    slices = [Sides("with", ratio(40, 100), ratio(40, 100)), Sides("without", ratio(20, 0), ratio(0, 0))]
    first, second = parts_of_ratio(total, slices)
    assert effects(first) == ("without", 0.2, 0.0)
    assert second.contribution == 0


def test_what_several_slices_hold_is_a_part_of_its_own() -> None:
    """A visitor of two channels is counted in both, and once in the total."""
    total = Sides("total", count(10), count(6))
    parts = parts_of_sum(total, [Sides("organic", count(8), count(4)), Sides("paid", count(5), count(2))])
    assert [(part.slice, float(part.contribution)) for part in parts] == [("organic", 4.0), ("paid", 3.0), (REST, -3.0)]


def test_no_change_has_parts_and_no_shares() -> None:
    total = Sides("total", count(10), count(10))
    parts = parts_of_sum(total, [Sides("a", count(8), count(4)), Sides("b", count(2), count(6))])
    assert [(float(part.contribution), part.share) for part in parts] == [(4.0, None), (-4.0, None)]
    assert whole(total, parts).contribution == 0


# --- Whatever the figures

sizes = st.integers(0, 10**7)
money = st.decimals(0, 10**9, places=4, allow_nan=False, allow_infinity=False)
cells = st.tuples(money, sizes)


@given(st.lists(st.tuples(money, money), min_size=1, max_size=12))
def test_contributions_add_up_to_the_change(amounts: list[tuple[Decimal, Decimal]]) -> None:
    slices = [Sides(str(n), count(float(here)), count(float(there))) for n, (here, there) in enumerate(amounts)]
    here, there = (sum((pair[side] for pair in amounts), Decimal()) for side in (0, 1))
    total = Sides("total", count(float(here)), count(float(there)))
    parts = parts_of_sum(total, slices)
    assert_adds_up(total, parts)
    assert REST not in {part.slice for part in parts}
    for part in parts:
        own = amounts[int(part.slice)]
        assert part.contribution == pytest.approx(own[0] - own[1], abs=Decimal("0.0001"))


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=12))
def test_effects_add_up_to_the_change(pairs: list[tuple[tuple[Decimal, int], tuple[Decimal, int]]]) -> None:
    slices = [Sides(str(n), ratio(*here), ratio(*there)) for n, (here, there) in enumerate(pairs)]
    sums = [[sum((pair[side][part] for pair in pairs), Decimal()) for part in (0, 1)] for side in (0, 1)]
    if not all(bottom for _, bottom in sums):
        return
    total = Sides("total", ratio(*sums[0]), ratio(*sums[1]))
    parts = parts_of_ratio(total, slices)
    assert_adds_up(total, parts)
    assert REST not in {part.slice for part in parts}
    for part in parts:
        (top, _), (base_top, _) = pairs[int(part.slice)]
        assert part.rate_effect is not None
        assert part.mix_effect is not None
        assert part.contribution == part.rate_effect + part.mix_effect
        here, there = Fraction(top) / Fraction(sums[0][1]), Fraction(base_top) / Fraction(sums[1][1])
        shift = weight(pairs, int(part.slice), 0) - weight(pairs, int(part.slice), 1)
        overall = [Fraction(top) / Fraction(bottom) for top, bottom in sums]
        # Each part is rounded at the 15th digit of the largest rate there is, and the total's rates at the 12th of
        # their own; one part takes what all roundings miss.
        rates = [Fraction(top) / bottom for pair in pairs for top, bottom in pair if bottom]
        roundings = (len(pairs) + 1) * max(*rates, Fraction(1)) / 10**14 + sum(overall) / 10**11
        assert abs(Fraction(part.contribution) - (here - there - shift * sum(overall) / 2)) <= roundings


def weight(pairs: list[tuple[tuple[Decimal, int], tuple[Decimal, int]]], number: int, side: int) -> Fraction:
    """A slice's share of the denominator."""
    return Fraction(pairs[number][side][1], sum(pair[side][1] for pair in pairs))


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8), cells, cells)
def test_the_rest_closes_what_slices_do_not_hold(
    pairs: list[tuple[tuple[Decimal, int], tuple[Decimal, int]]],
    here: tuple[Decimal, int],
    there: tuple[Decimal, int],
) -> None:
    if not here[1] or not there[1]:
        return
    total = Sides("total", ratio(*here), ratio(*there))
    slices = [Sides(str(n), ratio(*one), ratio(*other)) for n, (one, other) in enumerate(pairs)]
    assert_adds_up(total, parts_of_ratio(total, slices))


def assert_adds_up(total: Sides, parts: list[Part]) -> None:
    """The parts are exactly the change, and stand by their size."""
    changed = change(total.figure.value, total.base.value)
    assert sum((Fraction(part.contribution) for part in parts), Fraction()) == Fraction(changed or 0)
    assert [abs(part.contribution) for part in parts] == sorted((abs(p.contribution) for p in parts), reverse=True)
    line = whole(total, parts)
    assert line.contribution == changed
    if any(part.rate_effect is not None for part in parts):
        rest = sum((Fraction(part.contribution) for part in parts if part.slice == REST), Fraction())
        assert Fraction(line.rate_effect or 0) + Fraction(line.mix_effect or 0) + rest == Fraction(changed or 0)


# --- The command


@pytest.mark.parametrize("how", ["previous", "year"])
@pytest.mark.parametrize("kpi", ["revenue", "win_rate", "sales_cycle", "open_pipeline", "visitor_to_lead_rate"])
def test_parts_add_up_to_the_change_of_the_query(warehouse: Warehouse, kpi: str, how: str) -> None:
    period = ("--period", "2026-Q2", "--compare", how)
    asked = json.loads(warehouse.call("query", kpi, *period, "--format", "json").stdout, parse_float=Decimal)[0]
    rows = explained(warehouse, kpi, *period)
    dimensions = list(dict.fromkeys(row["dimension"] for row in rows))
    assert len(dimensions) > 2
    for dimension in dimensions:
        first, *parts = [row for row in rows if row["dimension"] == dimension]
        assert (first["slice"], first["value"], first["compared_value"]) == (
            "total", asked["value"], asked["compared_value"],
        )  # fmt: skip
        assert first["contribution"] == asked["change"] == sum(part["contribution"] for part in parts)
        assert (first["rate_effect"] is None) is (asked["denominator"] is None)


def test_slices_have_the_figures_of_the_query(warehouse: Warehouse) -> None:
    question = ("--period", "2026-Q2", "--by", "team", "--measure", "win_rate")
    parts = explained(warehouse, "win_rate", *question)[1:]
    rows = {row["team"]: row["value"] for row in warehouse.query("win_rate", *question)}
    assert {part["slice"]: float(part["value"]) for part in parts} == rows


def test_dimensions_together_and_filters(warehouse: Warehouse) -> None:
    rows = explained(warehouse, "revenue", "--period", "2026-05", "--by", "team,channel", "--where", "team = 'Growth'")
    assert {row["dimension"] for row in rows} == {"team, channel"}
    assert {row["slice"].split(" / ")[0] for row in rows[1:]} == {"Growth"}


def test_columns_and_formats(warehouse: Warehouse) -> None:
    question = ("explain", "win_rate", "--period", "2026-Q2", "--by", "team")
    text = warehouse.call(*question, "--format", "csv").stdout
    assert text.splitlines()[0] == COLUMNS
    lines = records(text)
    assert lines[0]["slice"] == "total"
    assert lines[0]["compared_start"] == "2026-01-01"
    shown = warehouse.call(*question)
    assert shown.stdout.splitlines()[2].split()[:2] == ["team", "total"]
    assert "win_rate of 2026-04-01..2026-06-30, compared with 2026-01-01..2026-03-31" in shown.stderr


def test_what_has_no_parts_is_refused_by_name(warehouse: Warehouse) -> None:
    said = refusal(warehouse, 2, "sales_cycle", "--measure", "median_days", "--period", "2026-05")
    assert "sales_cycle.median_days has no parts: a percentile is not made up of its slices." in said
    assert "mean_days can be explained." in said
    assert "share of the whole" in refusal(warehouse, 2, "deals_by_stage", "--measure", "share", "--period", "2026-05")
    assert "formula" in refusal(warehouse, 2, "sales_growth", "--period", "2026-05")


def test_without_a_value_there_is_no_change(warehouse: Warehouse) -> None:
    said = refusal(warehouse, 3, "win_rate", "--by", "team")
    assert "win_rate has no value in the compared period" in said


def test_names_that_are_none_are_refused(warehouse: Warehouse) -> None:
    assert "Did you mean team?" in refusal(warehouse, 2, "win_rate", "--by", "teams")
    assert "There is no KPI 'win_rat'" in refusal(warehouse, 2, "win_rat")
    assert "has no measure 'x'" in refusal(warehouse, 2, "win_rate", "--measure", "x")
    assert "has no measure ''" in refusal(warehouse, 2, "win_rate", "--measure", "")
