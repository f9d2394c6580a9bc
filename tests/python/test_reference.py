"""The SQL and the reference agree: counts and money exactly, quotients to 1e-9, for every grain and slice."""

import os
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, reject

from tests.python.harness import ROOT, Layer, compile_layer, delivering, on_companies
from tests.python.reference.clock import Clock
from tests.python.reference.company import COLUMNS, Company, Settings
from tests.python.reference.figures import Figure, Key, figures
from tests.python.reference.money import MissingRate
from tests.python.reference.sources import Counts, read
from tests.python.reference.strategies import SETTINGS, companies
from tests.python.scope import ALL, in_ci

#: Quotients may differ by what rounding to 12 significant digits does to a double.
TOLERANCE = Fraction(1, 10**9)

#: How near to zero a quotient is that should be zero.
ZERO = Fraction(1, 10**12)

#: The last decimal of numerators and denominators.
LAST_DECIMAL = Fraction(1, 10**14)

#: Values without a denominator that are no counts and no money.
QUOTIENTS = {
    "median", "median_days", "p90_days", "velocity_per_day", "forecast", "growth",
    "growth_year_on_year", "margin_per_session", "projected_monthly_profit", "clv", "clv_relationship",
    "ltv_cac_ratio", "median_hours", "p90_hours",
}  # fmt: skip

#: Measures whose numerator is a sum of quotients.
SUMS_OF_QUOTIENTS = {
    "mean_attainment", "price_premium", "mean_product_margin", "cannibalization_rate", "cannibalization_rate_units",
    "mean_hours",
}  # fmt: skip

#: Measures whose denominator is a sum of quotients: a quota spread over the days of its months.
SPREAD_QUOTAS = {"quota_attainment"}

MISSING_RATE = "No exchange rate for "


def sql_figures(connection: duckdb.DuckDBPyConnection) -> dict[Key, tuple[Any, ...]]:
    """The figures of a built layer by their key."""
    rows = connection.execute(
        "select kpi_id, measure, grain, period_start, period_end, dimension, dimension_value,"
        " numerator, denominator, value, row_count, is_complete, is_provisional, is_asked from kpi_figures"
    ).fetchall()
    found = {Key(*row[:7]): row[7:] for row in rows}
    assert len(found) == len(rows), "a figure stands twice"
    return found


def differences(
    expected: dict[Key, Figure], found: dict[Key, tuple[Any, ...]]
) -> list[tuple[Key, Figure | None, tuple[Any, ...] | None]]:
    """The figures that the reference and the SQL do not agree on."""
    wrong: list[tuple[Key, Figure | None, tuple[Any, ...] | None]] = []
    for key, reference in expected.items():
        row = found.get(key)
        if row is None or not same(key, reference, row):
            wrong.append((key, reference, row))
    wrong += [(key, None, found[key]) for key in found.keys() - expected.keys()]
    return sorted(wrong, key=lambda entry: entry[0])


def same(key: Key, reference: Figure, row: tuple[Any, ...]) -> bool:
    """Whether a row is the reference's figure."""
    if row[3:] != reference[3:]:  # The row count and the marks.
        return False
    numerator, denominator, value = row[:3]
    is_quotient = reference.denominator is not None or key.measure in QUOTIENTS
    return (
        (
            near(reference.numerator, numerator, key.measure in SUMS_OF_QUOTIENTS)
            or is_last_decimal(reference, numerator)
        )
        and near(reference.denominator, denominator, key.measure in SPREAD_QUOTAS)
        and (near(reference.value, value, is_quotient) or is_mean_of_last_decimal(key, reference, value))
    )


def is_last_decimal(reference: Figure, numerator: Decimal | None) -> bool:
    """Whether a numerator differs in no more than the last of the decimals that are kept: one of small quotients."""
    if reference.numerator is None or numerator is None:
        return False
    return abs(Fraction(numerator) - reference.numerator) < LAST_DECIMAL


def is_mean_of_last_decimal(key: Key, reference: Figure, value: float | None) -> bool:
    """Whether a mean of quotients is off by no more than that: those of opposite signs leave little of each other."""
    if key.measure not in SUMS_OF_QUOTIENTS or not reference.denominator or reference.value is None or value is None:
        return False
    return abs(Fraction(value) - reference.value) < LAST_DECIMAL / reference.denominator


def near(reference: Fraction | None, number: Decimal | float | None, is_quotient: bool) -> bool:
    """Counts and money are equal (a double being the nearest one), quotients within the tolerance.

    A sum that has more decimals than are kept, of parts of quotas, is equal to the last one.
    """
    if reference is None or number is None:
        return reference is None and number is None
    if not reference and not number:
        return True  # What most figures are; fractions are slow.
    if isinstance(number, float):
        if number == float(reference):
            return True
        if not is_quotient:
            return False
    above, below = number.as_integer_ratio()
    if above * reference.denominator == below * reference.numerator:
        return True
    difference = abs(Fraction(above, below) - reference)
    return difference <= (TOLERANCE * abs(reference) or ZERO) if is_quotient else difference < LAST_DECIMAL


#: What a company may deliver: everything, or not some entities.
DELIVERIES = {
    "everything": tuple(COLUMNS),
    "no look-ups": tuple(e for e in COLUMNS if e not in ("reps", "accounts", "products")),
    "no stages": tuple(e for e in COLUMNS if e != "stages"),
    "no deals": tuple(e for e in COLUMNS if e != "deals"),
    "no history": tuple(e for e in COLUMNS if e != "deal_stage_changes"),
    "no quotas or rates": tuple(e for e in COLUMNS if e not in ("quotas", "exchange_rates")),
    "no leads": tuple(e for e in COLUMNS if e != "leads"),
    "no activities or subscriptions": tuple(e for e in COLUMNS if e not in ("activities", "subscriptions")),
    "no orders or sessions": tuple(e for e in COLUMNS if e not in ("orders", "sessions")),
    "deals alone": ("deals",),
}

#: Every variant of the settings with all entities; and every other delivery with one of them.
VARIANTS = [
    *((number, "everything") for number in range(len(SETTINGS))),
    *((number, name) for number, name in enumerate(DELIVERIES) if name != "everything"),
]

#: How many companies each variant of the settings is compared on, not counting those that lack a rate; other deliveries
#: get a twelfth of it. CI compares 12, `make test-deep` 295; what a person waits for is two, of every third variant.
IN_CI = 12
EXAMPLES = int(os.environ.get("KPI_EXAMPLES", IN_CI if ALL else 2))


def is_for_all(number: int, delivery: str) -> bool:
    """Whether a person waits for a variant, too: for every third one, and for all who ask for a number of companies."""
    return delivery == "everything" and (number % 3 == 0 or "KPI_EXAMPLES" in os.environ)


KPIS = {path.stem for path in (ROOT / "metrics").glob("*/*.sql")}


def without_unavailable(expected: dict[Key, Figure], connection: duckdb.DuckDBPyConnection) -> dict[Key, Figure]:
    """The reference's figures without the slices that the catalog calls unavailable."""
    gone = set(
        connection.execute(
            "select kpi_id, measure, dimension from unavailable_measures where dimension is not null"
        ).fetchall()
    )
    return {key: figure for key, figure in expected.items() if (key.kpi_id, key.measure, key.dimension) not in gone}


@pytest.mark.parametrize(
    ("number", "delivery"),
    [
        pytest.param(number, name, id=f"{name}-{number}", marks=() if is_for_all(number, name) else in_ci)
        for number, name in VARIANTS
    ],
)
def test_sql_agrees_with_the_reference(number: int, delivery: str, tmp_path: Path) -> None:
    variant, entities = SETTINGS[number], DELIVERIES[delivery]
    layer = compile_layer(variant, tuple(COLUMNS), tmp_path / "everything")
    if delivery != "everything":
        layer = compile_layer(variant, entities, tmp_path / "delivered", layer)
    examples = EXAMPLES if delivery == "everything" else max(EXAMPLES // 12, 1)
    compared: Counter[str] = Counter()

    @on_companies(examples)
    @given(companies(variant.as_of))
    def agree(company: Company) -> None:
        kpis = assert_agreement(layer, delivering(company, entities), variant)
        if not kpis:
            reject()
        compared.update(kpis)

    agree()
    assert set(compared) == KPIS or delivery != "everything"
    assert min(compared.values()) >= examples, compared


def test_every_kpi_is_compared_on_two_hundred_companies_in_ci() -> None:
    """Each variant of the settings compares every KPI on that many companies, as the test above asserts."""
    delivered = [number for number, delivery in VARIANTS if delivery == "everything"]
    assert len(set(delivered)) * IN_CI >= 200


def assert_agreement(layer: Layer, company: Company, variant: Settings) -> set[str]:
    """Both give the same figures, and these add up; or both name a missing exchange rate.

    Returns the KPIs whose figures were compared: none where a rate is missing.
    """
    try:
        expected = figures(company, variant)
    except MissingRate as missing:
        with pytest.raises(duckdb.Error, match=MISSING_RATE) as refused:
            layer.build(company)
        named = re.search(rf"{MISSING_RATE}(\S+) on (\d{{4}}-\d{{2}}-\d{{2}})", str(refused.value))
        assert named is not None
        assert (named[1], date.fromisoformat(named[2])) in missing.missing
        return set()
    with layer.build(company) as connection:
        available = without_unavailable(expected, connection)
        wrong = differences(available, sql_figures(connection))
        assert not wrong, f"{len(wrong)} figures differ, first of them: {wrong[:3]}"
        assert layer.broken_checks(connection) == []
    return {key.kpi_id for key in available}


def test_rejects_and_merges_agree_with_the_reference(tmp_path: Path) -> None:
    variant = SETTINGS[2]
    layer = compile_layer(variant, tuple(COLUMNS), tmp_path)

    @on_companies(EXAMPLES)
    @given(companies(variant.as_of))
    def agree(company: Company) -> None:
        whole = delivering(company, tuple(COLUMNS))
        sources = read(whole, Clock(variant))
        try:
            connection = layer.build(whole)
        except duckdb.Error as error:
            assert MISSING_RATE in str(error)
            reject()
        counted = {
            entity: Counts(*counts)
            for entity, *counts in connection.execute(
                "select entity, delivered, in_mart, rejected, merged from row_counts"
            ).fetchall()
        }
        assert counted == sources.counts
        rejected = connection.execute("select entity, count(*) from rejected_rows group by 1").fetchall()
        assert dict(rejected) == Counter(row.entity for row in sources.rejected)

    agree()


def test_a_quota_that_a_range_cuts_is_just_reached(tmp_path: Path) -> None:
    """21 of the 31 days of January hold 21/31 of its target, to the last decimal, also of a large one."""
    variant = Settings("2024-12-31", asked=(date(2024, 1, 11), date(2024, 2, 1)))
    layer = compile_layer(variant, tuple(COLUMNS), tmp_path)
    company: Company = {
        "reps": [{"rep_id": "r1", "rep_name": "Ann"}, {"rep_id": "r2", "rep_name": "Bo"}],
        "deals": [
            {"deal_id": rep_id, "rep_id": rep_id, "created_at": "2024-01-02", "closed_at": "2024-01-20",
             "stage": "Won", "outcome": "won", "amount": amount}
            for rep_id, amount in (("r1", "20740740.7557"), ("r2", "20740740.7556"))
        ],
        "quotas": [
            {"rep_id": rep_id, "month": "2024-01", "kind": "revenue", "target": "30617283.9727"}
            for rep_id in ("r1", "r2")
        ],
    }  # fmt: skip
    whole = delivering(company, tuple(COLUMNS))
    found = sql_figures(layer.build(whole))
    hits = {
        key.dimension_value: row[2]
        for key, row in found.items()
        if (key.measure, key.period_start, key.dimension) == ("attainment_rate", date(2024, 1, 11), "rep")
        and key.grain == "custom"
    }
    assert hits == {"Ann": 1, "Bo": 0}
    assert_agreement(layer, whole, variant)


def test_edges_that_generated_companies_seldom_meet(tmp_path: Path) -> None:
    """As many touches as close a bucket, orders on a month's last day, a visitor on the day before its first.

    And margins of two products, 1/2 and not quite -1/2, of whose sum hardly anything is left.
    """
    variant = Settings("2024-12-31")
    layer = compile_layer(variant, tuple(COLUMNS), tmp_path)
    company: Company = {
        "reps": [{"rep_id": "r1", "rep_name": "Ann"}],
        "leads": [
            {"lead_id": f"x{touches}", "created_at": "2024-02-01", "rep_id": "r1", "visitor_id": "v1"}
            for touches in (1, 2, 3, 4, 5, 7, 8)
        ],
        "activities": [
            {"activity_id": f"{touches}-{number}", "kind": "call", "direction": "outbound", "lead_id": f"x{touches}",
             "occurred_at": f"2024-02-{2 + number:02}", "rep_id": "r1"}
            for touches in (1, 2, 3, 4, 5, 7, 8) for number in range(touches)
        ],
        "sessions": [
            {"session_id": "s1", "visitor_id": "v1", "started_at": "2024-01-31T12:00:00", "channel": "ads"},
            {"session_id": "s2", "visitor_id": "v1", "started_at": "2024-02-01T12:00:00", "channel": "web"},
            {"session_id": "s3", "visitor_id": "v1", "started_at": "2024-02-29T12:00:00", "channel": "ads"},
        ],
        "products": [
            {"product_id": "p1", "product_name": "Old"},
            {"product_id": "p2", "product_name": "New", "predecessor_product_id": "p1", "launched_on": "2024-03-31"},
            {"product_id": "p3", "product_name": "Half"},
            {"product_id": "p4", "product_name": "Loss"},
        ],
        "orders": [
            {"order_id": f"o{number}", "ordered_at": f"{day}T12:00:00"}
            for number, day in enumerate(("2023-12-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-06-30"))
        ],
        "order_lines": [
            {"order_line_id": f"o{number}-{product}", "order_id": f"o{number}", "product_id": product,
             "quantity": quantity, "unit_price": price, "unit_cost": cost}
            for number, product, quantity, price, cost in (
                (0, "p1", "5", "10", None), (1, "p1", "7", "10", None), (2, "p1", "2", "10", None),
                (2, "p2", "3", "10", None), (3, "p1", "1", "10", None), (3, "p2", "4", "10", None),
                (4, "p2", "6", "10", None), (1, "p3", "1", "4", "2"), (1, "p4", "1", "2666666.6666", "4000000"),
            )
        ],
    }  # fmt: skip
    whole = delivering(company, tuple(COLUMNS))
    assert_agreement(layer, whole, variant)
    expected = figures(whole, variant)
    buckets = {key.dimension_value for key in expected if key.dimension == "touches"}
    assert len(buckets) == 5
    margins = {figure.numerator for key, figure in expected.items() if key.measure == "mean_product_margin"}
    assert Fraction(-1, 26666666666) in margins
    lost = [key for key, figure in expected.items() if key.kpi_id == "cannibalization_rate" and figure.value]
    assert {key.period_start for key in lost if key.grain == "month"} >= {date(2024, 3, 1), date(2024, 4, 1)}
