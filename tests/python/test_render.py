"""Tables as text, CSV and JSON; figures as people read them."""

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kpi_runner.render import display, plain, to_csv, to_json, to_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-7, "-7"),
        (10**30, "1" + "0" * 30),
        (Decimal("10005534.000"), "10005534"),
        (Decimal("0.631501000"), "0.631501"),
        (Decimal("1E+7"), "10000000"),
        (Decimal("1E-9"), "0.000000001"),
        (Decimal("-0.00"), "0"),
        (Decimal("-1.50"), "-1.5"),
        (Decimal(100), "100"),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), None),
        (3.0, "3"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (0.631501, "0.631501"),
        (1e16, "10000000000000000"),
        (1e-7, "0.0000001"),
        (1e300, "1e+300"),
        (1e-300, "1e-300"),
        (float("nan"), None),
        (float("-inf"), None),
        (date(2026, 9, 14), "2026-09-14"),
        (datetime(2026, 9, 14, 12, 30), "2026-09-14T12:30:00"),
        ("Zoë", "Zoë"),
        ("", ""),
        (["rep", None, Decimal("1.0")], '["rep", null, 1]'),
        ({"a": 1.0}, '{"a": 1}'),
    ],
)
def test_one_value_has_one_plain_text(value: object, text: str | None) -> None:
    assert plain(value) == text


def test_json_has_one_object_per_line() -> None:
    rows = [
        ["won", Decimal("12345678901234567890.123456789"), 3.0, None, date(2026, 9, 1), True],
        ['Zoë "x"\n', Decimal("0.10"), 0.5, float("nan"), None, False],
    ]
    assert to_json(["a", "b", "c", "d", "e", "f"], rows) == (
        "[\n"
        '{"a": "won", "b": 12345678901234567890.123456789, "c": 3, "d": null, '
        '"e": "2026-09-01", "f": true},\n'
        '{"a": "Zoë \\"x\\"\\n", "b": 0.1, "c": 0.5, "d": null, "e": null, "f": false}\n'
        "]\n"
    )


def test_json_of_nested_values_and_of_nothing() -> None:
    assert to_json(["m"], [[[{"measure": "x", "low": Decimal("1E+1"), "high": None}]]]) == (
        '[\n{"m": [{"measure": "x", "low": 10, "high": null}]}\n]\n'
    )
    assert to_json(["a"], []) == "[]\n"
    assert to_json([], [[]]) == "[\n{}\n]\n"


def test_csv_quotes_what_needs_it_and_leaves_none_empty() -> None:
    rows: list[list[object]] = [
        ["a,b", None, Decimal("2.50")],
        ['say "x"', True, 4.0],
        ["two\nlines", [], 1e300],
    ]
    assert to_csv(["name", "flag", "value"], rows) == (
        'name,flag,value\n"a,b",,2.5\n"say ""x""",true,4\n"two\nlines",[],1e+300\n'
    )


def test_text_is_aligned_with_numbers_to_the_right() -> None:
    rows = [
        ["won_deals", Decimal("7.00"), "50 %", None],
        ["revenue", Decimal(10005534), "3.5 %", ["rep", "team"]],
    ]
    assert to_text(["kpi", "value", "share", "by"], rows) == (
        "kpi           value  share  by\n"
        "---------  --------  -----  ---------\n"
        "won_deals         7  50 %\n"
        "revenue    10005534  3.5 %  rep, team\n"
    )


def test_text_counts_the_width_that_a_terminal_shows() -> None:
    lines = to_text(["name", "n"], [["東京", 1], ["e\u0301a", 22], ["Zoë", None]]).splitlines()
    assert lines[2:] == ["東京   1", "e\u0301a    22", "Zoë"]


def test_text_shows_no_control_characters() -> None:
    assert to_text(["a"], [["x\x1b[31m\ny\u2028\x9b"]]) == "a\n----------\nx [31m y\n"


def test_text_without_rows_or_columns() -> None:
    assert to_text(["a", "bc"], []) == "a  bc\n-  --\n"
    assert to_text([], []) == "\n\n"


@pytest.mark.parametrize("render", [to_text, to_csv, to_json])
def test_a_row_of_another_length_is_an_error(render: object) -> None:
    assert callable(render)
    for row in ([1], [1, 2, 3]):
        with pytest.raises(ValueError, match="zip"):
            render(["a", "b"], [row])


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Decimal("0.631501"), "percent", "63.2 %"),
        (Decimal("0.5"), "percent", "50 %"),
        (1, "percent", "100 %"),
        (Decimal("-0.0355"), "percent", "-3.6 %"),
        (12.5, "percent", "1,250 %"),
        (Decimal("0.0004"), "percent", "0.04 %"),
        (Decimal("0.0000123"), "percent", "0.001 %"),
        (0, "percent", "0 %"),
        (Decimal("10005534.4"), "money", "10,005,534"),
        (Decimal("999.5"), "money", "999.50"),
        (Decimal("999.999"), "money", "1,000"),
        (Decimal("-1234.5"), "money", "-1,235"),
        (0, "money", "0.00"),
        (Decimal("-0.00"), "money", "0.00"),
        (51.75, "days", "51.8"),
        (Decimal(1234), "days", "1,234.0"),
        (2.25, "hours", "2.3"),
        (1234567, "count", "1,234,567"),
        (Decimal("2.50"), "count", "2.5"),
        (100.0, "count", "100"),
        (Decimal("3.5"), "ratio", "3.50"),
        (Decimal("0.005"), "ratio", "0.01"),
        (Decimal("0.0049"), "ratio", "0.005"),
        (Decimal("1E-30"), "ratio", "0." + "0" * 29 + "1"),
        (Decimal("1234.50"), "score", "1234.5"),
        (None, "percent", "-"),
        (float("inf"), "money", "-"),
    ],
)
def test_a_figure_as_people_read_it(value: Decimal | float | None, unit: str, text: str) -> None:
    assert display(value, unit) == text


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.dates()
)


@given(st.lists(st.tuples(VALUES, VALUES)))
def test_json_is_read_back_without_loss(rows: list[tuple[object, object]]) -> None:
    text = to_json(["a", "b"], rows)
    read = json.loads(text, parse_float=Decimal)
    assert len(read) == len(rows)
    for got, row in zip(read, rows, strict=True):
        for name, value in zip(("a", "b"), row, strict=True):
            expected = value.isoformat() if isinstance(value, date) else value
            if isinstance(value, float):
                assert float(got[name]) == value
            else:
                assert got[name] == expected


@given(st.lists(st.tuples(VALUES, VALUES)))
@example([("a\rb", "\r"), ("\r\n", "\n")])
def test_csv_is_read_back_as_the_plain_texts(rows: list[tuple[object, object]]) -> None:
    text = to_csv(["a", "b"], rows)
    read = list(csv.reader(io.StringIO(text, newline=""), lineterminator="\n"))
    assert read[1:] == [[plain(value) or "" for value in row] for row in rows]


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15),
    st.sampled_from(["percent", "money", "days", "count", "hours", "ratio"]),
)
def test_a_displayed_figure_is_near_the_value_and_zero_only_for_zero(value: Decimal, unit: str) -> None:
    shown = Decimal(display(value, unit).removesuffix(" %").replace(",", ""))
    exact = value * 100 if unit == "percent" else value
    assert abs(shown - exact) <= Decimal("0.5")
    assert (shown == 0) == (value == 0)
    assert not display(value, unit).startswith("-0") or value < 0
