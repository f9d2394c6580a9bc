"""Tables as text, CSV and JSON, and figures as people read them.

A table is a sequence of column names and rows of as many values each: None, bool, int, float,
Decimal, str, date, datetime, and lists or dicts of these. The same value is written with the same
digits in every format.
"""

import csv
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

NO_VALUE = "-"

# Digits enough for every decimal and double; the default context would round to 28.
_EXACT = Context(prec=1000, rounding=ROUND_HALF_UP)
# Beyond these powers of ten, a float keeps its exponent.
_SMALLEST, _LARGEST = -15, 25


def plain(value: object) -> str | None:
    """The plain text of one value; None for None, NaN and infinities.

    Decimals and floats come without exponent and without trailing zeros (`10005534`, `0.631501`,
    `3`), floats with the fewest digits that give the same float; only floats under 1e-15 or from
    1e25 keep an exponent. Dates are ISO 8601, booleans `true` and `false`, lists and dicts JSON.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _plain_float(value)
    if isinstance(value, Decimal):
        return _plain_decimal(value) if value.is_finite() else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return _json(value)
    return str(value)


def _plain_decimal(value: Decimal) -> str:
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _plain_float(value: float) -> str | None:
    exact = Decimal(repr(value))
    if not exact.is_finite():
        return None
    if exact and not _SMALLEST <= exact.adjusted() < _LARGEST:
        return repr(value)
    return _plain_decimal(exact)


def _json(value: object) -> str:
    """JSON of a value on one line, decimals as numbers with all their digits."""
    if isinstance(value, Mapping):
        items = (f"{json.dumps(str(key), ensure_ascii=False)}: {_json(value[key])}" for key in value)
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_json(item) for item in value) + "]"
    text = plain(value)
    if text is None:
        return "null"
    if isinstance(value, bool | int | float | Decimal):
        return text
    return json.dumps(text, ensure_ascii=False)


def to_json(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as a JSON array with one object per row, each on its own line.

    Numbers keep all their digits, decimals too; None, NaN and infinities are null. Raises
    ValueError where a row has not as many values as there are columns.
    """
    return "".join(json_parts(columns, rows))


def json_parts(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The text of to_json() in parts, one more than there are rows: for tables that are not to be held in memory."""
    opening = "[\n"
    for row in rows:
        yield opening + _json(dict(zip(columns, row, strict=True)))
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def json_text(value: object) -> str:
    """One value as JSON over several lines, for people and programs."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as CSV: a header, commas, `\\n` at the end of each line, quotes where needed.

    None, NaN and infinities are empty cells; lists and dicts are JSON. Raises ValueError where a
    row has not as many values as there are columns.
    """
    return "".join(csv_parts(columns, rows))


def csv_parts(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The text of to_csv() in parts, one more than there are rows: for tables that are not to be held in memory."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(columns)
    yield line.text
    for row in rows:
        writer.writerow([plain(value) for _, value in zip(columns, row, strict=True)])
        yield line.text


class _Line:
    """Takes lines that end with `\\r\\n`, and keeps the last of them, with `\\n`.

    A csv writer quotes just the line ends that it writes itself, and a bare `\\r` in a cell ends a line, too.
    """

    text = ""

    def write(self, line: str) -> None:
        """Takes one line, as a file does."""
        self.text = line.removesuffix("\r\n") + "\n"


def to_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table in aligned columns, for a terminal: a header, a rule, one line per row.

    Columns of numbers stand to the right. A list of plain values is joined with commas. Control
    characters are shown as spaces, so that no data can steer the terminal. Raises ValueError where a
    row has not as many values as there are columns.
    """
    body = [[value for _, value in zip(columns, row, strict=True)] for row in rows]
    cells = [[_cell(value) for value in row] for row in body]
    head = [_cell(name) for name in columns]
    widths = [max(map(_width, column)) for column in zip(head, *cells, strict=True)]
    rightwards = [_is_numeric([row[place] for row in body]) for place in range(len(columns))]
    lines = [head, ["-" * width for width in widths], *cells]
    return "".join(_line(line, widths, rightwards) + "\n" for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], rightwards: Sequence[bool]) -> str:
    padded = []
    for cell, width, to_right in zip(cells, widths, rightwards, strict=True):
        space = " " * (width - _width(cell))
        padded.append(space + cell if to_right else cell + space)
    return "  ".join(padded).rstrip()


def _is_numeric(values: Sequence[object]) -> bool:
    given = [value for value in values if value is not None]
    return bool(given) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in given
    )


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value)
    text = plain(value) or ""
    return "".join(" " if unicodedata.category(mark) in _UNSAFE else mark for mark in text)


# Control characters, line and paragraph separators, halves of surrogate pairs.
_UNSAFE = ("Cc", "Zl", "Zp", "Cs")


def _width(text: str) -> int:
    """The columns of a terminal that `text` takes."""
    return sum(map(_mark_width, text))


def _mark_width(mark: str) -> int:
    if unicodedata.category(mark) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(mark) in ("W", "F") else 1


def display(value: Decimal | float | None, unit: str) -> str:
    """A figure as people read it, rounded half up.

    - `percent`: a fraction, shown as `63.2 %`, `50 %`
    - `money`: `10,005,534`; below 1,000 with cents: `812.50`
    - `days`, `hours`: one decimal: `51.8`
    - `count`: `1,234`; a broken one with up to two decimals: `2.5`
    - `ratio`: two decimals: `3.50`
    - any other unit: the plain number

    What would round to zero and is not zero keeps its first digit (`0.04 %`). No value is `-`.
    """
    text = plain(value)
    if value is None or text is None:
        return NO_VALUE
    number = Decimal(text)
    if unit == "percent":
        return _trimmed(_rounded(number.scaleb(2, _EXACT), 1)) + " %"
    if unit == "money":
        cents = _rounded(number, 2)
        return f"{cents if abs(cents) < 1000 else _rounded(number, 0):,f}"
    if unit in ("days", "hours"):
        return f"{_rounded(number, 1):,f}"
    if unit == "count":
        return _trimmed(_rounded(number, 2))
    if unit == "ratio":
        return f"{_rounded(number, 2):,f}"
    return text


def healthy_range(
    low: float | None,
    high: float | None,
    unit: str | None,
    *,
    low_is_exclusive: bool | None = False,
    high_is_exclusive: bool | None = False,
) -> str:
    """A healthy range in words, empty where there is none. An exclusive bound is not healthy itself."""
    lowest = None if low is None else display(low, unit or "")
    highest = None if high is None else display(high, unit or "")
    if lowest is None and highest is None:
        return ""
    if lowest is None:
        return f"under {highest}" if high_is_exclusive else f"to {highest}"
    if highest is None:
        return f"above {lowest}" if low_is_exclusive else f"from {lowest}"
    if low_is_exclusive and high_is_exclusive:
        return f"between {lowest} and {highest}, exclusive"
    if low_is_exclusive or high_is_exclusive:
        return f"{'above ' if low_is_exclusive else ''}{lowest} to {'under ' if high_is_exclusive else ''}{highest}"
    return f"{lowest} to {highest}"


def _rounded(number: Decimal, places: int) -> Decimal:
    """`number` to so many decimals; to its first digit where it would become zero."""
    result = number.quantize(Decimal(1).scaleb(-places), context=_EXACT)
    if number and not result:
        result = number.quantize(Decimal(1).scaleb(number.adjusted()), context=_EXACT)
    return result if result else abs(result)


def _trimmed(number: Decimal) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def printable(text: str) -> str:
    """A text with a space for each character that XML cannot hold, or nobody sees."""
    return "".join(mark if mark.isprintable() else " " for mark in text)
