"""`--where`: a SQL condition over a KPI's dimensions, checked before it reaches a database.

The text is parsed, every node of the tree is held against a list of what is allowed, and the SQL
is written anew from what was recognised: no part of the user's text is passed on as it stands.
sqlglot is imported when a condition is parsed, so that commands without one start quickly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from kpi_runner.errors import UsageError
from kpi_runner.sql import quoted, text_literal

if TYPE_CHECKING:
    from sqlglot import exp

MAX_CHARACTERS = 10_000
MAX_DEPTH = 20
MISSING = "(none)"

_OPERATORS = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_CONNECTORS = {"and": " and ", "or": " or "}
_PATTERNS = {"like": "like", "ilike": "ilike"}
# The parts that a node may have; one with any other part set is refused.
_PARTS: dict[str, set[str]] = {
    **{key: {"this", "expression"} for key in (*_OPERATORS, *_CONNECTORS)},
    **{key: {"this", "expression", "negate"} for key in _PATTERNS},
    "not": {"this"},
    "paren": {"this"},
    "in": {"this", "expressions"},
    "between": {"this", "low", "high"},
    "is": {"this", "expression"},
    "column": {"this"},
    "identifier": {"this", "quoted"},
    "literal": {"this", "is_string"},
    "boolean": {"this"},
    "neg": {"this"},
    "null": set(),
}
# Control characters other than tab and newlines, and halves of surrogate pairs.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Condition:
    """A checked condition.

    `sql` is one boolean expression, safe to stand after `where` or beside `and`: dimensions are
    double-quoted and spelled as the KPI spells them, literals are single-quoted strings.
    `dimensions` are the dimensions that it mentions.
    """

    sql: str
    dimensions: frozenset[str]


def parse_where(text: str, dimensions: Sequence[str], kpi_id: str) -> Condition:
    """Checks the condition `text` of `--where` over the `dimensions` of the KPI `kpi_id`.

    Allowed are comparisons of a dimension with literals: `=`, `<>`, `!=`, `<`, `<=`, `>`, `>=`,
    `[not] in (…)`, `[not] like`, `[not] ilike`, `[not] between … and …` and `is [not] null`,
    joined by `and`, `or`, `not` and parentheses. Dimensions are written bare or in double quotes,
    in upper or lower case. A literal may stand on the left of a comparison operator.

    Dimensions are text, and so is every literal: `5` means `'5'`, `true` means `'true'`, and `<`
    compares in the order of text. A missing value is shown as `(none)`; so `is null` becomes
    `= '(none)'`, and `is not null` becomes `<> '(none)'`.

    Raises UsageError, which names the offending part and the dimensions allowed, for everything
    else: functions, casts, subqueries, other columns, a column against a column, arithmetic,
    parameters, comments, semicolons, an empty text, one of more than 10,000 characters, and
    parentheses more than 20 deep.
    """
    checker = _Checker({name.lower(): name for name in dimensions}, kpi_id)
    tree = _parse(text, checker)
    sql = checker.condition(tree)
    return Condition(sql, frozenset(checker.used))


def _parse(text: str, checker: _Checker) -> exp.Expr:
    """The syntax tree of `text`; UsageError where it is not one plain, short expression."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import ParseError, SqlglotError

    if len(text) > MAX_CHARACTERS:
        checker.refuse(f"the condition has {len(text):,} characters; {MAX_CHARACTERS:,} are taken")
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        checker.refuse(f"the character {unprintable[0]!a} cannot stand in a condition")
    try:
        _check_tokens(text, checker)
        return parse_one(text, dialect="duckdb", into=exp.Condition)
    except RecursionError:
        checker.refuse("the condition is nested too deeply")
    except ParseError as error:
        near = str(error.errors[0].get("highlight") or "") if error.errors else ""
        where = f" near {_shown(near)}" if near else ""
        checker.refuse(f"{_shown(text)} is not a condition{where}")
    except SqlglotError:
        checker.refuse(f"{_shown(text)} cannot be read: a quote is left open")


def _check_tokens(text: str, checker: _Checker) -> None:
    """Refuses what the syntax tree no longer shows, and what would take too long to parse."""
    from sqlglot import tokenize

    tokens = tokenize(text, dialect="duckdb")
    if not tokens:
        checker.refuse("the condition is empty")
    depth = 0
    for token in tokens:
        if token.comments:
            checker.refuse(f"a comment ({_shown(token.comments[0])}) cannot stand in a condition")
        if token.token_type.name in ("SEMICOLON", "L_BRACKET", "L_BRACE"):
            checker.refuse(f"{token.text!r} cannot stand in a condition, a single expression")
        if token.text == "`" and token.token_type.name == "UNKNOWN":
            checker.refuse("backticks are not taken; a dimension is written bare or in double quotes")
        if token.token_type.name == "UNKNOWN":
            checker.refuse("'is unknown' is not taken; write = '(unknown)' or is null")
        depth += (token.token_type.name == "L_PAREN") - (token.token_type.name == "R_PAREN")
        if depth > MAX_DEPTH:
            checker.refuse(f"parentheses are more than {MAX_DEPTH} deep")


def _shown(text: str) -> str:
    """`text` on one line, cut to a length that fits in a message, in quotes."""
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else line[:57] + "...")


def _sql_of(node: exp.Expr) -> str:
    """The part of the condition that `node` stands for, for a message."""
    from sqlglot.errors import ErrorLevel, SqlglotError

    try:
        return _shown(node.sql(dialect="duckdb", comments=False, unsupported_level=ErrorLevel.IGNORE))
    except (SqlglotError, RecursionError):
        return f"a part of kind {node.key!r}"


def _unwrapped(node: exp.Expr) -> exp.Expr:
    """`node` without the parentheses around it."""
    while node.key == "paren":
        node = node.this
    return node


@dataclass
class _Checker:
    """Writes the SQL of a syntax tree anew, and refuses what is not allowed in it.

    `dimensions` maps the lower-case name to the name; `used` collects the names that occur.
    """

    dimensions: dict[str, str]
    kpi_id: str
    used: set[str] = field(default_factory=set)

    def refuse(self, reason: str) -> NoReturn:
        """Raises the UsageError that gives the reason, the dimensions and what may be written."""
        names = ", ".join(self.dimensions.values()) or "it has none"
        raise UsageError(
            f"--where: {reason}. A condition compares the dimensions of {self.kpi_id} ({names}) "
            "with literals by =, <>, <, <=, >, >=, in, like, ilike, between or is null, joined by "
            "and, or, not: \"name\" = 'text'."
        )

    def condition(self, node: exp.Expr) -> str:
        """The SQL of a boolean expression."""
        node = _unwrapped(node)
        self._check_parts(node)
        if node.key in _CONNECTORS:
            return self._connected(node)
        if node.key == "not":
            return self._negated(node.this)
        if node.key in _OPERATORS:
            return self._compared(node)
        if node.key == "in":
            return self._member(node)
        if node.key in _PATTERNS:
            negation = "not " if node.args.get("negate") else ""
            pattern = self._literal(node.expression)
            return f"{self._column(node.this)} {negation}{_PATTERNS[node.key]} {pattern}"
        if node.key == "between":
            low, high = self._literal(node.args["low"]), self._literal(node.args["high"])
            return f"{self._column(node.this)} between {low} and {high}"
        if node.key == "is":
            return f"{self._missing(node)} = {text_literal(MISSING)}"
        if node.key == "column":
            self.refuse(f"{self._column(node)} alone is not a condition; compare it with a literal")
        self.refuse(f"{_sql_of(node)} is not a comparison of a dimension with a literal")

    def _check_parts(self, node: exp.Expr) -> None:
        allowed = _PARTS.get(node.key)
        given = {name for name, part in node.args.items() if part not in (None, False, [])}
        if allowed is None or not given <= allowed:
            self.refuse(f"{_sql_of(node)} cannot stand in a condition")

    def _connected(self, node: exp.Expr) -> str:
        """The SQL of a chain of the same connector, however long, without recursion along it."""
        waiting, operands = [node], []
        while waiting:
            part = waiting.pop()
            if part.key == node.key:
                self._check_parts(part)
                waiting += [part.expression, part.this]
            else:
                operands.append(self.condition(part))
        return "(" + _CONNECTORS[node.key].join(operands) + ")"

    def _negated(self, node: exp.Expr) -> str:
        inner = _unwrapped(node)
        if inner.key == "is":
            self._check_parts(inner)
            return f"{self._missing(inner)} <> {text_literal(MISSING)}"
        return f"not ({self.condition(inner)})"

    def _compared(self, node: exp.Expr) -> str:
        operator, left, right = _OPERATORS[node.key], node.this, node.expression
        if self._is_literal(left) and not self._is_literal(right):
            operator, left, right = _MIRRORED[operator], right, left
        column = self._column(left)
        return f"{column} {operator} {self._literal(right)}"

    def _member(self, node: exp.Expr) -> str:
        column = self._column(node.this)
        if not node.expressions:
            self.refuse(f"{_sql_of(node)} has an empty list")
        return f"{column} in ({', '.join(self._literal(item) for item in node.expressions)})"

    def _missing(self, node: exp.Expr) -> str:
        """The column of `… is null`."""
        column = self._column(node.this)
        if node.expression.key != "null":
            self.refuse(f"{_sql_of(node)}: after 'is' comes null or not null; else use =")
        return column

    def _is_literal(self, node: exp.Expr) -> bool:
        return _unwrapped(node).key in ("literal", "boolean", "null", "neg")

    def _column(self, node: exp.Expr) -> str:
        """The double-quoted name of a dimension."""
        node = _unwrapped(node)
        if node.key != "column":
            self.refuse(f"{_sql_of(node)} is not a dimension")
        self._check_parts(node)
        identifier = node.this
        if identifier.key != "identifier":
            self.refuse(f"{_sql_of(node)} is not a dimension")
        self._check_parts(identifier)
        name = self.dimensions.get(str(identifier.this).lower())
        if name is None:
            self.refuse(f"{_shown(str(identifier.this))} is not a dimension")
        self.used.add(name)
        return quoted(name)

    def _literal(self, node: exp.Expr) -> str:
        """The single-quoted text of a string, a number or a boolean."""
        node = _unwrapped(node)
        if node.key == "null":
            self.refuse("a comparison with null is never true; write 'is null' or 'is not null'")
        if node.key == "column":
            name = str(node.this.this)
            self.refuse(
                f"{_sql_of(node)} is a column, and columns are compared with literals only; "
                f"text stands in single quotes: {text_literal(name)}"
            )
        sign, number = "", node
        if node.key == "neg":
            self._check_parts(node)
            sign, number = "-", _unwrapped(node.this)
            if number.key != "literal" or number.args.get("is_string"):
                self.refuse(f"{_sql_of(node)} is not a literal")
        if number.key not in ("literal", "boolean"):
            self.refuse(f"{_sql_of(node)} is not a literal")
        self._check_parts(number)
        if number.key == "boolean":
            return text_literal("true" if number.this else "false")
        return text_literal(sign + str(number.this))
