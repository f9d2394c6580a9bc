"""The SQL and the reference agree: counts and money exactly, quotients to 1e-9, for every grain and slice."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.python.harness import Layer, compile_layer
from tests.python.reference.company import COLUMNS, Company, Settings
from tests.python.reference.figures import Figure, Key, figures
from tests.python.reference.money import MissingRate
from tests.python.reference.strategies import SETTINGS, companies

#: Quotients may differ by what rounding to 12 significant digits does to a double.
TOLERANCE = Fraction(1, 10**9)

MISSING_RATE = "No exchange rate for "


def sql_figures(connection: duckdb.DuckDBPyConnection) -> dict[Key, tuple[Any, ...]]:
    """The figures of a built layer by their key."""
    rows = connection.execute(
        "select kpi_id, measure, grain, period_start, period_end, dimension, dimension_value,"
        " numerator, denominator, value, row_count, is_complete, is_provisional from kpi_figures"
    ).fetchall()
    found = {Key(*row[:7]): row[7:] for row in rows}
    assert len(found) == len(rows), "a figure stands twice"
    return found


def differences(
    expected: dict[Key, Figure], found: dict[Key, tuple[Any, ...]]
) -> list[tuple[Key, Figure | None, tuple[Any, ...] | None]]:
    """The figures that the reference and the SQL do not agree on."""
    wrong: list[tuple[Key, Figure | None, tuple[Any, ...] | None]] = []
    for key in expected.keys() | found.keys():
        reference, row = expected.get(key), found.get(key)
        if reference is None or row is None or not same(reference, row):
            wrong.append((key, reference, row))
    return sorted(wrong, key=lambda entry: entry[0])


def same(reference: Figure, row: tuple[Any, ...]) -> bool:
    """Whether a row is the reference's figure."""
    numerator, denominator, value, row_count, is_complete, is_provisional = row
    marks = (reference.row_count, reference.is_complete, reference.is_provisional)
    if (row_count, is_complete, is_provisional) != marks:
        return False
    return (
        near(reference.numerator, numerator)
        and near(reference.denominator, denominator)
        and near(reference.value, value)
    )


def near(reference: Fraction | None, number: Decimal | float | None) -> bool:
    """Equal where both are whole or decimal; quotients within the tolerance, relative to their size."""
    if reference is None or number is None:
        return reference is None and number is None
    exact = Fraction(number)
    if exact == reference or float(exact) == float(reference):
        return True
    if is_decimal(reference):
        return False
    return abs(exact - reference) <= TOLERANCE * max(abs(reference), 1)


def is_decimal(number: Fraction) -> bool:
    """Whether a number has a finite decimal expansion of at most 14 places, as counts and money have."""
    return (number * 10**14).denominator == 1
